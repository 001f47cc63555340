"""The queries and mutations of products and their variants; none of them replaces a list that we do not know whole."""

from connectors.shopify.graph import Document

_PRODUCT = """
fragment Product on Product {
  id
  hasOnlyDefaultVariant
  options(first: 3) { id name }
  images: metafield(namespace: "connect", key: "images") { value }
  variants(first: 100, after: $after) {
    nodes { id sku selectedOptions { name value } inventoryItem { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

LOAD_PRODUCT = Document(
    _PRODUCT
    + """
query LoadProduct($id: ID!, $after: String) {
  product(id: $id) { ...Product }
}
""",
    cost=305,
)
FIND_PRODUCT = Document(
    """
query FindProduct($handle: String!) {
  productByIdentifier(identifier: { handle: $handle }) { id }
}
""",
    cost=1,
)
CREATE_PRODUCT = Document(
    """
mutation CreateProduct($product: ProductCreateInput!) {
  productCreate(product: $product) {
    product { id variants(first: 1) { nodes { id inventoryItem { id } } } }
    userErrors { field message }
  }
}
""",
    cost=15,
)
UPDATE_PRODUCT = Document(
    """
mutation UpdateProduct($product: ProductUpdateInput!) {
  productUpdate(product: $product) {
    product { id }
    userErrors { field message }
  }
}
""",
    cost=13,
)
DELETE_PRODUCT = Document(
    """
mutation DeleteProduct($input: ProductDeleteInput!) {
  productDelete(input: $input, synchronous: true) {
    deletedProductId
    userErrors { field message }
  }
}
""",
    cost=12,
)
CREATE_VARIANTS = Document(
    """
mutation CreateVariants($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkCreate(productId: $product, variants: $variants, strategy: PRESERVE_STANDALONE_VARIANT) {
    productVariants { id sku inventoryItem { id } }
    userErrors { field message code }
  }
}
""",
    cost=14,
)
UPDATE_VARIANTS = Document(
    """
mutation UpdateVariants($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants { id sku inventoryItem { id } }
    userErrors { field message code }
  }
}
""",
    cost=14,
)
DELETE_VARIANTS = Document(
    """
mutation DeleteVariants($product: ID!, $variants: [ID!]!) {
  productVariantsBulkDelete(productId: $product, variantsIds: $variants) {
    product { id }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
ADD_MEDIA = Document(
    """
mutation AddMedia($product: ProductUpdateInput!, $media: [CreateMediaInput!]!, $count: Int!) {
  productUpdate(product: $product, media: $media) {
    product { id media(last: $count, sortKey: ID) { nodes { id } } }
    userErrors { field message }
  }
}
""",
    cost=263,
)
CHANGE_FILES = Document(
    """
mutation ChangeFiles($files: [FileUpdateInput!]!) {
  fileUpdate(files: $files) {
    files { id }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
PUBLISH = Document(
    """
mutation Publish($id: ID!, $channels: [PublicationInput!]!) {
  publishablePublish(id: $id, input: $channels) {
    publishable { availablePublicationsCount { count } }
    userErrors { field message }
  }
}
""",
    cost=14,
)
TRANSLATABLE = Document(
    """
query Translatable($id: ID!) {
  translatableResource(resourceId: $id) { translatableContent { key digest } }
}
""",
    cost=2,
)
TRANSLATE = Document(
    """
mutation Translate($id: ID!, $translations: [TranslationInput!]!) {
  translationsRegister(resourceId: $id, translations: $translations) {
    translations { key locale }
    userErrors { field message code }
  }
}
""",
    cost=13,
)
