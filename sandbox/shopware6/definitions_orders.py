"""Entities around orders, people and sales channels: fields and associations in the words of the vendor's Admin API.

The notation is explained in `definitions.py`, which reads it.
"""

from __future__ import annotations

TEXT = """
order versioned
  autoIncrement:n! orderNumber:s billingAddressId:i* billingAddressVersionId:i primaryOrderDeliveryId:i
  primaryOrderDeliveryVersionId:i primaryOrderTransactionId:i primaryOrderTransactionVersionId:i currencyId:i*
  languageId:i* salesChannelId:i* orderDateTime:d* orderDate:s! price:o amountTotal:f! amountNet:f!
  positionPrice:f! taxStatus:s! shippingCosts:o shippingTotal:f! currencyFactor:f* deepLinkCode:s
  affiliateCode:s campaignCode:s customerComment:s internalComment:s source:s taxCalculationType:s stateId:i*
  ruleIds:l customFields:o createdById:i updatedById:i itemRounding:o* totalRounding:o*
  stateMachineState>state_machine_state.stateId primaryOrderDelivery>order_delivery.primaryOrderDeliveryId
  primaryOrderTransaction>order_transaction.primaryOrderTransactionId orderCustomer=order_customer.orderId
  currency>currency.currencyId language>language.languageId salesChannel>sales_channel.salesChannelId
  addresses<order_address.orderId billingAddress>order_address.billingAddressId
  deliveries<order_delivery.orderId lineItems<order_line_item.orderId transactions<order_transaction.orderId
  documents<document.orderId tags%tag/order_tag
order_line_item versioned
  orderId:i* orderVersionId:i productId:i productVersionId:i promotionId:i parentId:i parentVersionId:i
  coverId:i identifier:s* referencedId:s quantity:n* label:s* payload:o good:b removable:b stackable:b
  position:n price:o* priceDefinition:o unitPrice:f totalPrice:f description:s type:s customFields:o states:l*
  cover>media.coverId order>order.orderId product>product.productId
  orderDeliveryPositions<order_delivery_position.orderLineItemId parent>order_line_item.parentId
  children<order_line_item.parentId
order_delivery versioned
  orderId:i* orderVersionId:i shippingOrderAddressId:i* shippingOrderAddressVersionId:i shippingMethodId:i*
  stateId:i* trackingCodes:l shippingDateEarliest:d* shippingDateLatest:d* shippingCosts:o customFields:o
  stateMachineState>state_machine_state.stateId order>order.orderId
  shippingOrderAddress>order_address.shippingOrderAddressId shippingMethod>shipping_method.shippingMethodId
  positions<order_delivery_position.orderDeliveryId primaryOrder=order.primaryOrderDeliveryId
order_delivery_position versioned
  orderDeliveryId:i* orderDeliveryVersionId:i orderLineItemId:i* orderLineItemVersionId:i price:o unitPrice:f
  totalPrice:f quantity:n customFields:o
  orderDelivery>order_delivery.orderDeliveryId orderLineItem>order_line_item.orderLineItemId
order_transaction versioned
  orderId:i* orderVersionId:i paymentMethodId:i* amount:o* validationData:o stateId:i* customFields:o
  stateMachineState>state_machine_state.stateId order>order.orderId paymentMethod>payment_method.paymentMethodId
  primaryOrder=order.primaryOrderTransactionId captures<order_transaction_capture.orderTransactionId
order_transaction_capture versioned
  orderTransactionId:i* orderTransactionVersionId:i stateId:i* externalReference:s amount:o* customFields:o
  stateMachineState>state_machine_state.stateId transaction>order_transaction.orderTransactionId
  refunds<order_transaction_capture_refund.captureId
order_transaction_capture_refund versioned
  captureId:i* captureVersionId:i stateId:i* externalReference:s reason:s amount:o* customFields:o
  stateMachineState>state_machine_state.stateId transactionCapture>order_transaction_capture.captureId
  positions<order_transaction_capture_refund_position.refundId
order_transaction_capture_refund_position versioned
  refundId:i* refundVersionId:i orderLineItemId:i* orderLineItemVersionId:i externalReference:s reason:s
  quantity:n amount:o* customFields:o
  orderLineItem>order_line_item.orderLineItemId
  orderTransactionCaptureRefund>order_transaction_capture_refund.refundId
order_address versioned
  countryId:i* countryStateId:i orderId:i* orderVersionId:i salutationId:i firstName:s* lastName:s* street:s*
  zipcode:s city:s* company:s department:s title:s phoneNumber:s additionalAddressLine1:s
  additionalAddressLine2:s hash:s customFields:o vatId:s
  country>country.countryId countryState>country_state.countryStateId order>order.orderId
  orderDeliveries<order_delivery.shippingOrderAddressId salutation>salutation.salutationId
order_customer versioned
  customerId:i orderId:i* orderVersionId:i email:s* salutationId:i firstName:s* lastName:s* company:s title:s
  vatIds:l customerNumber:s customFields:o remoteAddress:s
  order>order.orderId customer>customer.customerId salutation>salutation.salutationId
customer
  groupId:i* salesChannelId:i* languageId:i* lastPaymentMethodId:i defaultBillingAddressId:i*
  defaultShippingAddressId:i* autoIncrement:n! customerNumber:s* salutationId:i firstName:s* lastName:s*
  email:s* title:s affiliateCode:s campaignCode:s active:b doubleOptInRegistration:b doubleOptInEmailSentDate:d
  doubleOptInConfirmDate:d hash:s guest:b firstLogin:d lastLogin:d birthday:s lastOrderDate:d! orderCount:n!
  orderTotalAmount:f! reviewCount:n! customFields:o remoteAddress:s tagIds:l! requestedGroupId:i
  boundSalesChannelId:i createdById:i updatedById:i company:s vatIds:l accountType:s
  group>customer_group.groupId salesChannel>sales_channel.salesChannelId language>language.languageId
  lastPaymentMethod>payment_method.lastPaymentMethodId
  defaultBillingAddress>customer_address.defaultBillingAddressId
  defaultShippingAddress>customer_address.defaultShippingAddressId salutation>salutation.salutationId
  addresses<customer_address.customerId orderCustomers<order_customer.customerId tags%tag/customer_tag
  requestedGroup>customer_group.requestedGroupId boundSalesChannel>sales_channel.boundSalesChannelId
customer_address
  customerId:i* countryId:i* countryStateId:i salutationId:i firstName:s* lastName:s* zipcode:s city:s*
  company:s street:s* department:s title:s phoneNumber:s additionalAddressLine1:s additionalAddressLine2:s
  hash:s customFields:o
  customer>customer.customerId country>country.countryId countryState>country_state.countryStateId
  salutation>salutation.salutationId
customer_group translated
  name:s*~ displayGross:b customFields:o~ registrationActive:b registrationTitle:s~ registrationIntroduction:s~
  registrationOnlyCompanyRegistration:b~ registrationSeoMetaDescription:s~
  customers<customer.groupId salesChannels<sales_channel.customerGroupId
currency translated
  factor:f* symbol:s* isoCode:s* shortName:s*~ name:s*~ position:n isSystemDefault:b taxFreeFrom:f
  customFields:o~ itemRounding:o* totalRounding:o*
  salesChannelDefaultAssignments<sales_channel.currencyId orders<order.currencyId
  salesChannels%sales_channel/sales_channel_currency
country translated
  name:s*~ iso:s position:n active:b shippingAvailable:b iso3:s displayStateInRegistration:b
  forceStateInRegistration:b checkVatIdPattern:b vatIdRequired:b vatIdPattern:s customFields:o~ customerTax:o
  companyTax:o postalCodeRequired:b checkPostalCodePattern:b checkAdvancedPostalCodePattern:b
  advancedPostalCodePattern:s addressFormat:o*~ defaultPostalCodePattern:s isEu:b
  states<country_state.countryId customerAddresses<customer_address.countryId
  orderAddresses<order_address.countryId salesChannelDefaultAssignments<sales_channel.countryId
  salesChannels%sales_channel/sales_channel_country
country_state translated
  countryId:i* shortCode:s* name:s*~ position:n active:b customFields:o~
  country>country.countryId customerAddresses<customer_address.countryStateId
  orderAddresses<order_address.countryStateId
language
  parentId:i localeId:i* translationCodeId:i name:s* active:b customFields:o
  parent>language.parentId locale>locale.localeId translationCode>locale.translationCodeId
  children<language.parentId salesChannels%sales_channel/sales_channel_language
  salesChannelDefaultAssignments<sales_channel.languageId customers<customer.languageId orders<order.languageId
locale translated
  code:s* name:s*~ territory:s*~ customFields:o~
  languages<language.localeId
salutation translated
  salutationKey:s* displayName:s*~ letterName:s*~ customFields:o~ position:n
  customers<customer.salutationId customerAddresses<customer_address.salutationId
  orderCustomers<order_customer.salutationId orderAddresses<order_address.salutationId
sales_channel translated
  typeId:i* languageId:i* customerGroupId:i* currencyId:i* paymentMethodId:i* shippingMethodId:i* countryId:i*
  analyticsId:i navigationCategoryId:i* navigationCategoryVersionId:i navigationCategoryDepth:n
  footerCategoryId:i footerCategoryVersionId:i serviceCategoryId:i serviceCategoryVersionId:i
  mailHeaderFooterId:i hreflangDefaultDomainId:i name:s*~ shortName:s~ taxCalculationType:s accessKey:s*
  configuration:o active:b hreflangActive:b maintenance:b maintenanceIpWhitelist:l customFields:o~
  paymentMethodIds:l! homeCmsPageId:i homeCmsPageVersionId:i homeSlotConfig:o~ homeEnabled:b*~ homeName:s~
  homeMetaTitle:s~ homeMetaDescription:s~ homeKeywords:s~
  currencies%currency/sales_channel_currency languages%language/sales_channel_language
  countries%country/sales_channel_country paymentMethods%payment_method/sales_channel_payment_method
  shippingMethods%shipping_method/sales_channel_shipping_method language>language.languageId
  customerGroup>customer_group.customerGroupId currency>currency.currencyId
  paymentMethod>payment_method.paymentMethodId shippingMethod>shipping_method.shippingMethodId
  country>country.countryId orders<order.salesChannelId customers<customer.salesChannelId
  homeCmsPage>cms_page.homeCmsPageId navigationCategory>category.navigationCategoryId
  footerCategory>category.footerCategoryId serviceCategory>category.serviceCategoryId
  productVisibilities<product_visibility.salesChannelId boundCustomers<customer.boundSalesChannelId
document
  documentTypeId:i* referencedDocumentId:i orderId:i* documentMediaFileId:i documentA11yMediaFileId:i
  orderVersionId:i config:o* sent:b static:b deepLinkCode:s* documentNumber:s customFields:o
  documentType>document_type.documentTypeId order>order.orderId referencedDocument>document.referencedDocumentId
  dependentDocuments<document.referencedDocumentId documentMediaFile>media.documentMediaFileId
  documentA11yMediaFile>media.documentA11yMediaFileId
document_type translated
  name:s*~ technicalName:s* customFields:o~
  documents<document.documentTypeId
payment_method translated
  pluginId:i handlerIdentifier:s name:s*~ distinguishableName:s!~ description:s~ position:n active:b
  afterOrderEnabled:b customFields:o~ availabilityRuleId:i mediaId:i formattedHandlerIdentifier:s!
  technicalName:s* shortName:s
  media>media.mediaId availabilityRule>rule.availabilityRuleId
  salesChannelDefaultAssignments<sales_channel.paymentMethodId
  orderTransactions<order_transaction.paymentMethodId salesChannels%sales_channel/sales_channel_payment_method
shipping_method translated
  name:s*~ technicalName:s* active:b position:n customFields:o~ availabilityRuleId:i mediaId:i deliveryTimeId:i*
  taxType:s taxId:i description:s~ trackingUrl:s~
  deliveryTime>delivery_time.deliveryTimeId availabilityRule>rule.availabilityRuleId media>media.mediaId
  orderDeliveries<order_delivery.shippingMethodId salesChannels%sales_channel/sales_channel_shipping_method
  salesChannelDefaultAssignments<sales_channel.shippingMethodId tax>tax.taxId
state_machine translated
  technicalName:s* name:s*~ customFields:o~ initialStateId:i
  states<state_machine_state.stateMachineId transitions<state_machine_transition.stateMachineId
state_machine_state translated
  technicalName:s* name:s*~ stateMachineId:i* customFields:o~
  stateMachine>state_machine.stateMachineId fromStateMachineTransitions<state_machine_transition.fromStateId
  toStateMachineTransitions<state_machine_transition.toStateId orderTransactions<order_transaction.stateId
  orderDeliveries<order_delivery.stateId orders<order.stateId
state_machine_transition
  actionName:s* stateMachineId:i* fromStateId:i* toStateId:i* customFields:o
  stateMachine>state_machine.stateMachineId fromStateMachineState>state_machine_state.fromStateId
  toStateMachineState>state_machine_state.toStateId
integration
  label:s* accessKey:s* secretAccessKey:s* lastUsageAt:d admin:b customFields:o deletedAt:d
  aclRoles%acl_role/integration_role
acl_role
  name:s* description:s privileges:l deletedAt:d
  integrations%integration/integration_role
webhook
  name:s* eventName:s* url:s* onlyLiveVersion:b errorCount:n! active:b appId:i
"""
