"""What is known of a channel: tokens, option lists, webhooks, listings, initial import, categories of marketplaces

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_token",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id"),
    )
    op.create_table(
        "attribute_mapping",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("category_code", sa.String(length=120), server_default="", nullable=False),
        sa.Column("attribute_code", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=300), server_default="", nullable=False),
        sa.Column("mapped_by", sa.String(length=120), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("integration_id", "category_code", "attribute_code"),
    )
    op.create_table(
        "authorization",
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("grant_kind", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("begun_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("state"),
    )
    op.create_index(op.f("ix_authorization_integration_id"), "authorization", ["integration_id"], unique=False)
    op.create_table(
        "category_mapping",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("mapped_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("mapped_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "category_id"),
    )
    op.create_table(
        "channel_option",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "kind", "value"),
    )
    op.create_table(
        "channel_task",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("order_ref", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "order_ref", "kind"),
    )
    op.create_table(
        "cross_selling",
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["article.id"],
        ),
        sa.PrimaryKeyConstraint("article_id", "other_id"),
    )
    op.create_index(op.f("ix_cross_selling_other_id"), "cross_selling", ["other_id"], unique=False)
    op.create_table(
        "import_item",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=120), nullable=False),
        sa.Column("parent_ref", sa.String(length=120), server_default="", nullable=False),
        sa.Column("sku", sa.String(length=200), server_default="", nullable=False),
        sa.Column("name", sa.String(length=500), server_default="", nullable=False),
        sa.Column("structure", sa.String(length=10), server_default="simple", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="proposed", nullable=False),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=True),
        sa.Column("images_left", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("integration_id", "ref"),
    )
    op.create_index("ix_import_item_parent", "import_item", ["integration_id", "parent_ref"], unique=False)
    op.create_index("ix_import_item_state", "import_item", ["integration_id", "state", "id"], unique=False)
    op.create_table(
        "listing",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=120), nullable=False),
        sa.Column("parent_ref", sa.String(length=120), server_default="", nullable=False),
        sa.Column("sku", sa.String(length=200), server_default="", nullable=False),
        sa.Column("ean", sa.String(length=40), server_default="", nullable=False),
        sa.Column("name", sa.String(length=500), server_default="", nullable=False),
        sa.Column("structure", sa.String(length=10), server_default="simple", nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), server_default="", nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("url", sa.String(), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scan", sa.Integer(), server_default="0", nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.String(length=20), server_default="", nullable=False),
        sa.Column("confidence", sa.Numeric(precision=4, scale=3), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="open", nullable=False),
        sa.Column("conflict", sa.String(length=40), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("integration_id", "ref"),
    )
    op.create_index(op.f("ix_listing_article_id"), "listing", ["article_id"], unique=False)
    op.create_index("ix_listing_sku", "listing", ["integration_id", "sku"], unique=False)
    op.create_index("ix_listing_state", "listing", ["integration_id", "state", "id"], unique=False)
    op.create_table(
        "order_reply",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("lines", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("notify", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("actor", sa.String(length=120), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("integration_id", "external_id", "kind"),
    )
    op.create_table(
        "scan",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="idle", nullable=False),
        sa.Column("cursor", sa.String(), server_default="", nullable=False),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("started_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "purpose"),
    )
    op.create_table(
        "taxonomy_attribute",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("category_code", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), server_default="text", nullable=False),
        sa.Column("requirement", sa.String(length=20), server_default="optional", nullable=False),
        sa.Column("values_code", sa.String(length=120), server_default="", nullable=False),
        sa.Column("is_variant_axis", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "category_code", "code"),
    )
    op.create_table(
        "taxonomy_node",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("parent_code", sa.String(length=120), server_default="", nullable=False),
        sa.Column("is_leaf", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "code"),
    )
    op.create_index("ix_taxonomy_node_parent", "taxonomy_node", ["integration_id", "parent_code"], unique=False)
    op.create_table(
        "taxonomy_value",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("list_code", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "list_code", "code"),
    )
    op.create_table(
        "value_mapping",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("list_code", sa.String(length=120), nullable=False),
        sa.Column("own_value", sa.String(length=300), nullable=False),
        sa.Column("code", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "list_code", "own_value"),
    )
    op.create_index(
        "ix_value_mapping_open",
        "value_mapping",
        ["integration_id", "list_code"],
        unique=False,
        postgresql_where=sa.text("code = ''"),
    )
    op.create_table(
        "webhook",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("active", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("healed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("healed", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id"),
        sa.UniqueConstraint("token"),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("delivery_id", sa.String(length=80), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("integration_id", "delivery_id"),
    )
    op.create_index("ix_webhook_delivery_at", "webhook_delivery", ["at"], unique=False)
    op.create_index("ix_article_image_digest", "article_image", ["digest"], unique=False)


def downgrade() -> None:
    """There is no way back: what was learned of the channels would be lost. Restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
