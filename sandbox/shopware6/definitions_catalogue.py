"""Entities around products, categories and media: fields and associations in the words of the vendor's Admin API.

The notation is explained in `definitions.py`, which reads it.
"""

from __future__ import annotations

TEXT = """
product versioned translated
  parentId:i parentVersionId:i manufacturerId:i productManufacturerVersionId:i unitId:i taxId:i* coverId:i
  productMediaVersionId:i deliveryTimeId:i featureSetId:i canonicalProductId:i canonicalProductVersionId:i
  cmsPageId:i cmsPageVersionId:i openGraphMediaId:i price:p* productNumber:s* restockTime:n autoIncrement:n!
  active:b available:b! isCloseout:b stock:n* variation:l displayGroup:s! variantListingConfig:o
  variantRestrictions:o manufacturerNumber:s ean:s purchaseSteps:n maxPurchase:n minPurchase:n purchaseUnit:f
  referenceUnit:f shippingFree:b purchasePrices:p markAsTopseller:b weight:f width:f height:f length:f
  releaseDate:d ratingAverage:f! categoryTree:l! propertyIds:l! optionIds:l! streamIds:l! tagIds:l!
  categoryIds:l! childCount:n! customFieldSetSelectionActive:b sales:n! metaDescription:s~ name:s*~ keywords:s~
  description:s~ metaTitle:s~ packUnit:s~ packUnitPlural:s~ customFields:o~ slotConfig:o~
  customSearchKeywords:l~ ogTitle:s~ ogDescription:s~ type:s states:l! availableStock:n!
  parent>product.parentId children<product.parentId deliveryTime>delivery_time.deliveryTimeId tax>tax.taxId
  manufacturer>product_manufacturer.manufacturerId unit>unit.unitId cover>product_media.coverId
  openGraphMedia>media.openGraphMediaId cmsPage>cms_page.cmsPageId canonicalProduct>product.canonicalProductId
  prices<product_price.productId media<product_media.productId crossSellings<product_cross_selling.productId
  crossSellingAssignedProducts<product_cross_selling_assigned_products.productId
  configuratorSettings<product_configurator_setting.productId visibilities<product_visibility.productId
  orderLineItems<order_line_item.productId options%property_group_option/product_option
  properties%property_group_option/product_property categories%category/product_category tags%tag/product_tag
  customFieldSets%custom_field_set/product_custom_field_set
product_price versioned
  productId:i* productVersionId:i ruleId:i* price:p* customFields:o quantityStart:n* quantityEnd:n
  product>product.productId rule>rule.ruleId
product_media versioned
  productId:i* productVersionId:i mediaId:i* position:n customFields:o
  product>product.productId media>media.mediaId coverProducts<product.coverId
product_visibility
  productId:i* productVersionId:i salesChannelId:i* visibility:n*
  salesChannel>sales_channel.salesChannelId product>product.productId
product_configurator_setting versioned
  productId:i* productVersionId:i mediaId:i optionId:i* price:o position:n customFields:o
  product>product.productId media>media.mediaId option>property_group_option.optionId
product_manufacturer versioned translated
  mediaId:i link:s name:s*~ description:s~ customFields:o~
  media>media.mediaId products<product.manufacturerId
product_cross_selling translated
  name:s*~ position:n sortBy:s sortDirection:s type:s active:b limit:n productId:i* productVersionId:i
  productStreamId:i
  product>product.productId assignedProducts<product_cross_selling_assigned_products.crossSellingId
product_cross_selling_assigned_products
  crossSellingId:i* productId:i* productVersionId:i position:n
  product>product.productId crossSelling>product_cross_selling.crossSellingId
category versioned translated
  parentId:i parentVersionId:i afterCategoryId:i afterCategoryVersionId:i mediaId:i displayNestedProducts:b
  autoIncrement:n! breadcrumb:l!~ level:n! path:s! childCount:n! type:s productAssignmentType:s visible:b
  active:b visibleChildCount:n name:s*~ customFields:o~ slotConfig:o~ linkType:s~ internalLink:i~
  externalLink:s~ linkNewTab:b~ description:s~ metaTitle:s~ metaDescription:s~ keywords:s~ cmsPageId:i
  cmsPageVersionId:i productStreamId:i customEntityTypeId:i cmsPageIdSwitched:b
  parent>category.parentId children<category.parentId media>media.mediaId products%product/product_category
  tags%tag/category_tag cmsPage>cms_page.cmsPageId navigationSalesChannels<sales_channel.navigationCategoryId
tax
  taxRate:f* name:s* position:n customFields:o
  products<product.taxId shippingMethods<shipping_method.taxId
rule
  name:s* priority:n* description:s invalid:b! areas:l! customFields:o moduleTypes:o
  productPrices<product_price.ruleId shippingMethods<shipping_method.availabilityRuleId
  paymentMethods<payment_method.availabilityRuleId
media translated
  userId:i mediaFolderId:i mimeType:s fileExtension:s uploadedAt:d! fileName:s fileSize:n! metaData:o!
  mediaType:o! config:o alt:s~ title:s~ url:s path:s hasFile:b private:b customFields:o~ fileHash:s
  tags%tag/media_tag categories<category.mediaId productManufacturers<product_manufacturer.mediaId
  productMedia<product_media.mediaId mediaFolder>media_folder.mediaFolderId
  propertyGroupOptions<property_group_option.mediaId shippingMethods<shipping_method.mediaId
  paymentMethods<payment_method.mediaId productConfiguratorSettings<product_configurator_setting.mediaId
  orderLineItems<order_line_item.coverId documents<document.documentMediaFileId
media_folder
  useParentConfiguration:b configurationId:i* defaultFolderId:i parentId:i childCount:n! path:s! name:s*
  customFields:o
  parent>media_folder.parentId children<media_folder.parentId media<media.mediaFolderId
  defaultFolder>media_default_folder.defaultFolderId
media_default_folder
  entity:s* customFields:o
  folder=media_folder.defaultFolderId
delivery_time translated
  name:s*~ min:n* max:n* unit:s* customFields:o~
  shippingMethods<shipping_method.deliveryTimeId products<product.deliveryTimeId
cms_page versioned translated
  name:s~ type:s* entity:s cssClass:s config:o previewMediaId:i customFields:o~ locked:b
  previewMedia>media.previewMediaId categories<category.cmsPageId products<product.cmsPageId
property_group translated
  name:s*~ description:s~ displayType:s sortingType:s filterable:b visibleOnProductDetailPage:b position:n~
  customFields:o~
  options<property_group_option.groupId
property_group_option translated
  groupId:i* name:s*~ position:n~ colorHexCode:s mediaId:i combinable:b customFields:o~
  media>media.mediaId group>property_group.groupId
  productConfiguratorSettings<product_configurator_setting.optionId productProperties%product/product_property
  productOptions%product/product_option
unit translated
  shortCode:s*~ name:s*~ customFields:o~
  products<product.unitId
tag
  name:s*
  products%product/product_tag media%media/media_tag categories%category/category_tag
  customers%customer/customer_tag orders%order/order_tag
custom_field
  name:s* type:s* config:o active:b customFieldSetId:i allowCustomerWrite:b allowCartExpose:b storeApiAware:b
  includeInSearch:b
  customFieldSet>custom_field_set.customFieldSetId
custom_field_set
  name:s* config:o active:b global:b position:n appId:i
  customFields<custom_field.customFieldSetId relations<custom_field_set_relation.customFieldSetId
  products%product/product_custom_field_set
custom_field_set_relation
  customFieldSetId:i* entityName:s*
  customFieldSet>custom_field_set.customFieldSetId
"""
