"""The ERP store of a real merchant: catalogue, documents, payments, returns, providers, data protection

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["category.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("parent_id", "name", postgresql_nulls_not_distinct=True),
    )
    op.create_index(op.f("ix_category_parent_id"), "category", ["parent_id"], unique=False)
    op.create_table(
        "customer_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "delivery_threshold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Numeric(precision=14, scale=2), server_default="10000", nullable=False),
        sa.Column("applies_from", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("actor", sa.String(length=120), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "partner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("format", sa.String(length=10), server_default="xml", nullable=False),
        sa.Column("transport", sa.String(length=10), server_default="folder", nullable=False),
        sa.Column("address", sa.String(length=300), server_default="", nullable=False),
        sa.Column("user", sa.String(length=120), server_default="", nullable=False),
        sa.Column("key_id", sa.String(length=20), server_default="", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("host_key", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("out_folder", sa.String(length=300), server_default="out", nullable=False),
        sa.Column("in_folder", sa.String(length=300), server_default="in", nullable=False),
        sa.Column("done_folder", sa.String(length=300), server_default="done", nullable=False),
        sa.Column("bad_folder", sa.String(length=300), server_default="bad", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("code_of_failure", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "printer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("adapter", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "retention",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "vat_registration",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("vat_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("country"),
    )
    op.create_table(
        "article_category",
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
        ),
        sa.PrimaryKeyConstraint("article_id", "category_id"),
    )
    op.create_index(op.f("ix_article_category_category_id"), "article_category", ["category_id"], unique=False)
    op.create_table(
        "article_image",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("title", sa.String(length=300), server_default="", nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("url", sa.String(), server_default="", nullable=False),
        sa.Column("media_type", sa.String(length=40), server_default="", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_article_image_article", "article_image", ["article_id", "position"], unique=False)
    op.create_table(
        "article_option",
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=False),
        sa.Column("is_inactive", sa.Boolean(), nullable=True),
        sa.Column("remaining_stock_only", sa.Boolean(), nullable=True),
        sa.Column("syncs_stock", sa.Boolean(), nullable=True),
        sa.Column("stock_correction", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("pseudo_stock", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("pseudo_price", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("article_id", "integration_id"),
    )
    op.create_table(
        "article_property",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("is_option", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("article_id", "name", "value"),
    )
    op.create_table(
        "article_tax_rate",
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("rate", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.PrimaryKeyConstraint("article_id", "country"),
    )
    op.create_table(
        "article_text",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("integration_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=300), server_default="", nullable=False),
        sa.Column("short_text", sa.String(), server_default="", nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("meta_title", sa.String(length=300), server_default="", nullable=False),
        sa.Column("meta_description", sa.String(), server_default="", nullable=False),
        sa.Column("meta_keywords", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("article_id", "language", "integration_id", postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "component",
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("component_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("article_id <> component_id", name="ck_component_other"),
        sa.CheckConstraint("quantity > 0", name="ck_component_quantity"),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["component_id"],
            ["article.id"],
        ),
        sa.PrimaryKeyConstraint("article_id", "component_id"),
    )
    op.create_index(op.f("ix_component_component_id"), "component", ["component_id"], unique=False)
    op.create_table(
        "partner_file",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="new", nullable=False),
        sa.Column("records", sa.Integer(), server_default="0", nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partner.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("partner_id", "direction", "name", "digest"),
    )
    op.create_table(
        "print_job",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.Integer(), server_default="0", nullable=False),
        sa.Column("copies", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("printer_id", "kind", "record_id", "run"),
    )
    op.create_index(
        "ix_print_job_pending", "print_job", ["id"], unique=False, postgresql_where=sa.text("state = 'pending'")
    )
    op.create_table(
        "print_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("printer_id", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["printer_id"],
            ["printer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "kind", "printer_id", postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=5), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("subject", sa.String(length=300), server_default="", nullable=False),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("saved_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "project_id", "language", "version", postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "number_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("actor", sa.String(length=120), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refused_number",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("shop", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["number_import.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refused_number_import", "refused_number", ["import_id", "id"], unique=False)
    op.create_table(
        "price",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_group_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), server_default="EUR", nullable=False),
        sa.Column("from_quantity", sa.Numeric(precision=14, scale=4), server_default="1", nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("pseudo_amount", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("is_gross", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("amount >= 0", name="ck_price_amount"),
        sa.CheckConstraint("customer_group_id IS NULL OR customer_id IS NULL", name="ck_price_one_source"),
        sa.CheckConstraint("from_quantity > 0", name="ck_price_from_quantity"),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_group_id"],
            ["customer_group.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "article_id",
            "customer_group_id",
            "customer_id",
            "currency",
            "from_quantity",
            "valid_from",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "stocktake",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="open", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("started_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("posted_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouse.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(
        "ix_stocktake_open",
        "stocktake",
        ["warehouse_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "stock_transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("moved_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["warehouse.id"],
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["warehouse.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "order_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="open", nullable=False),
        sa.Column("by_hand", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id", "digest"),
    )
    op.create_table(
        "order_return",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="announced", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("refunds_shipping", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(op.f("ix_order_return_order_id"), "order_return", ["order_id"], unique=False)
    op.create_table(
        "partner_order",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), server_default="waiting", nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["partner_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partner.id"],
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouse.id"],
        ),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index(
        "ix_partner_order_waiting",
        "partner_order",
        ["partner_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("file_id IS NULL"),
    )
    op.create_table(
        "stocktake_line",
        sa.Column("stocktake_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False),
        sa.Column("counted", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("counted_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
        ),
        sa.ForeignKeyConstraint(
            ["stocktake_id"],
            ["stocktake.id"],
        ),
        sa.PrimaryKeyConstraint("stocktake_id", "article_id"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("shipment_id", sa.BigInteger(), nullable=True),
        sa.Column("return_id", sa.BigInteger(), nullable=True),
        sa.Column("refers_to_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=5), server_default="de", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("tax_kind", sa.String(length=20), server_default="domestic", nullable=False),
        sa.Column("tax_country", sa.String(length=2), server_default="", nullable=False),
        sa.Column("is_b2b", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.ForeignKeyConstraint(
            ["refers_to_id"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["return_id"],
            ["order_return.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"],
            ["shipment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "number"),
    )
    op.create_index(op.f("ix_document_customer_id"), "document", ["customer_id"], unique=False)
    op.create_index("ix_document_issued", "document", ["kind", "issued_on"], unique=False)
    op.create_index(
        "ix_document_oss",
        "document",
        ["issued_on"],
        unique=False,
        postgresql_where=sa.text("kind = 'invoice' AND tax_kind IN ('eu', 'eu_origin') AND NOT is_b2b"),
    )
    op.create_index("ix_document_order", "document", ["order_id", "kind"], unique=False)
    op.create_index(
        "ux_document_cancels",
        "document",
        ["refers_to_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'cancellation_invoice'"),
    )
    op.create_index(
        "ux_document_return", "document", ["return_id"], unique=True, postgresql_where=sa.text("return_id IS NOT NULL")
    )
    op.create_index(
        "ux_document_shipment",
        "document",
        ["shipment_id", "kind"],
        unique=True,
        postgresql_where=sa.text("shipment_id IS NOT NULL"),
    )
    op.create_table(
        "return_line",
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False),
        sa.Column("restocks", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=True),
        sa.Column("condition", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["sales_order_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["return_id"],
            ["order_return.id"],
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouse.id"],
        ),
        sa.PrimaryKeyConstraint("return_id", "order_line_id"),
    )
    op.create_table(
        "document_file",
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("xml", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["template.id"],
        ),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index(
        "ix_document_file_pending",
        "document_file",
        ["document_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=5), server_default="de", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("subject", sa.String(length=300), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=200), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "record_id"),
    )
    op.create_index("ix_mail_order", "mail", ["order_id"], unique=False)
    op.create_index("ix_mail_pending", "mail", ["id"], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("payment_method_id", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), server_default="booked", nullable=False),
        sa.Column("origin", sa.String(length=20), server_default="erp", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=120), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_payment_amount"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["sales_order.id"],
        ),
        sa.ForeignKeyConstraint(
            ["payment_method_id"],
            ["payment_method.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id", "kind", "reference"),
    )
    op.create_index("ix_payment_state", "payment", ["kind", "state"], unique=False)
    # The standard price of an article is a row like every other price.
    op.execute(
        "INSERT INTO price (article_id, amount) SELECT id, price_gross FROM article WHERE price_gross IS NOT NULL"
    )
    op.drop_column("article", "price_gross")
    op.add_column("article", sa.Column("short_text", sa.String(), server_default="", nullable=False))
    op.add_column("article", sa.Column("shop_description", sa.String(), server_default="", nullable=False))
    op.add_column("article", sa.Column("manufacturer_number", sa.String(length=80), server_default="", nullable=False))
    op.add_column("article", sa.Column("unit", sa.String(length=20), server_default="", nullable=False))
    op.add_column("article", sa.Column("weight", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("article", sa.Column("net_weight", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("article", sa.Column("length", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("article", sa.Column("width", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("article", sa.Column("height", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("article", sa.Column("customs_number", sa.String(length=20), server_default="", nullable=False))
    op.add_column("article", sa.Column("origin_country", sa.String(length=2), server_default="", nullable=False))
    op.add_column("article", sa.Column("delivery_time", sa.String(length=80), server_default="", nullable=False))
    op.add_column("article", sa.Column("min_order_quantity", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("article", sa.Column("is_gift_card", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("article", sa.Column("is_inactive", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("article", sa.Column("remaining_stock_only", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("article", sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column(
        "article",
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("customer", sa.Column("group_id", sa.Integer(), nullable=True))
    op.add_column("customer", sa.Column("is_locked", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("customer", sa.Column("lock_reason", sa.String(length=200), server_default="", nullable=False))
    op.add_column("customer", sa.Column("vat_id_checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("customer", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(None, "customer", "customer_group", ["group_id"], ["id"])
    op.add_column("foreign_number", sa.Column("is_scannable", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("parcel", sa.Column("weight", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("parcel", sa.Column("label_state", sa.String(length=20), server_default="none", nullable=False))
    op.add_column("parcel", sa.Column("label_code", sa.String(length=40), server_default="", nullable=False))
    op.add_column("parcel", sa.Column("label_reason", sa.String(length=300), server_default="", nullable=False))
    op.add_column("parcel", sa.Column("label_attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("parcel", sa.Column("label_media_type", sa.String(length=40), server_default="", nullable=False))
    op.add_column("parcel", sa.Column("label", sa.LargeBinary(), nullable=True))
    op.add_column("parcel", sa.Column("label_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("parcel", sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_parcel_unlabelled",
        "parcel",
        ["id"],
        unique=False,
        postgresql_where=sa.text("label_state IN ('wanted', 'requested', 'failed')"),
    )
    op.add_column("payment_method", sa.Column("due_days", sa.Integer(), nullable=True))
    op.add_column("payment_method", sa.Column("remind_days", sa.Integer(), nullable=True))
    op.add_column("payment_method", sa.Column("expire_days", sa.Integer(), nullable=True))
    op.add_column("project", sa.Column("language", sa.String(length=5), server_default="de", nullable=False))
    op.add_column(
        "project", sa.Column("issuer", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("project", sa.Column("invoices_by_itself", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("project", sa.Column("mails_invoices", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("project", sa.Column("mails_shipments", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("project", sa.Column("is_outside_oss", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("sales_order", sa.Column("exchange_rate_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "sales_order", sa.Column("paid", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False)
    )
    op.add_column(
        "sales_order", sa.Column("fulfilled_by", sa.String(length=20), server_default="merchant", nullable=False)
    )
    op.add_column("sales_order", sa.Column("is_pos", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("sales_order", sa.Column("is_b2b", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("sales_order", sa.Column("cancel_reason", sa.String(length=200), server_default="", nullable=False))
    op.add_column("sales_order", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sales_order", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sales_order", sa.Column("invoice_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_sales_order_invoice_due",
        "sales_order",
        ["id"],
        unique=False,
        postgresql_where=sa.text("invoice_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_sales_order_unpaid",
        "sales_order",
        ["id"],
        unique=False,
        postgresql_where=sa.text("payment_state IN ('open', 'partial') AND NOT is_cancelled"),
    )
    op.add_column("sales_order_line", sa.Column("parent_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "sales_order_line", sa.Column("line_refs", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column(
        "sales_order_line",
        sa.Column("cancelled", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False),
    )
    op.add_column(
        "sales_order_line", sa.Column("returned", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False)
    )
    op.create_foreign_key(None, "sales_order_line", "sales_order_line", ["parent_id"], ["id"])
    op.add_column("shipment", sa.Column("state", sa.String(length=20), server_default="shipped", nullable=False))
    op.create_index(
        "ix_shipment_packed", "shipment", ["id"], unique=False, postgresql_where=sa.text("state = 'packed'")
    )
    op.add_column(
        "shipping_method", sa.Column("adapter", sa.String(length=20), server_default="manual", nullable=False)
    )
    op.add_column(
        "shipping_method", sa.Column("adapter_folder", sa.String(length=300), server_default="", nullable=False)
    )
    op.add_column("shipping_method", sa.Column("max_parcel_weight", sa.Numeric(precision=14, scale=4), nullable=True))
    op.add_column("stock_movement", sa.Column("note", sa.String(length=200), server_default="", nullable=False))
    op.add_column("stock_movement", sa.Column("actor", sa.String(length=120), server_default="", nullable=False))
    op.add_column("warehouse", sa.Column("kind", sa.String(length=20), server_default="own", nullable=False))
    op.add_column("warehouse", sa.Column("country", sa.String(length=2), server_default="DE", nullable=False))
    op.add_column("warehouse", sa.Column("partner_id", sa.Integer(), nullable=True))
    op.add_column("warehouse", sa.Column("is_locked", sa.Boolean(), server_default="false", nullable=False))
    op.create_foreign_key(None, "warehouse", "partner", ["partner_id"], ["id"])
    _carry_over()
    _protect()


def _carry_over() -> None:
    """Keep what an earlier version booked true under the new rules."""
    # A level below zero came from a person who shipped what the books did not know: the ledger gets what was missing.
    op.execute(
        "INSERT INTO stock_movement (article_id, warehouse_id, quantity, reason, reference)"
        " SELECT article_id, warehouse_id, -physical, 'correction', 'migration-0002' FROM stock_level WHERE physical < 0"
    )
    op.execute("UPDATE stock_level SET physical = 0 WHERE physical < 0")
    op.create_check_constraint("ck_stock_level_physical", "stock_level", "physical >= 0")
    op.execute(
        "INSERT INTO payment (order_id, kind, amount, payment_method_id, reference, origin, at)"
        " SELECT id, 'payment', total, payment_method_id, coalesce(nullif(transaction_id, ''), 'import'), 'channel',"
        " coalesce(paid_at, created_at) FROM sales_order WHERE payment_state = 'paid' AND total > 0"
    )
    op.execute("UPDATE sales_order SET paid = total WHERE payment_state = 'paid'")
    op.execute("UPDATE sales_order SET is_b2b = true WHERE vat_id <> ''")


def _protect() -> None:
    """Documents are immutable once issued; only an erasure, which says so in its transaction, may change them."""
    op.execute(
        """
        CREATE FUNCTION document_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('connect.erasing', true) = 'on' THEN
                RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
            END IF;
            RAISE EXCEPTION 'document % is issued and cannot be changed', OLD.number USING ERRCODE = '23001';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER document_is_immutable BEFORE UPDATE OR DELETE ON document"
        " FOR EACH ROW EXECUTE FUNCTION document_is_immutable()"
    )


def downgrade() -> None:
    """There is no way back: documents must not be dropped. Restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
