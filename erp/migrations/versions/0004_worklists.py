"""Indexes of lists that are worked through: failed records, what is imported next; the stated rate of an account

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_import_item_queued",
        "import_item",
        ["integration_id", "structure", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index("ix_import_item_sku", "import_item", ["integration_id", "sku"], unique=False)
    op.create_index(
        "ix_link_failed", "link", ["kind", "id"], unique=False, postgresql_where=sa.text("state = 'failed'")
    )
    op.add_column("rate_bucket", sa.Column("per_second", sa.Float(), nullable=True))
    op.add_column("rate_bucket", sa.Column("burst", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("rate_bucket", "burst")
    op.drop_column("rate_bucket", "per_second")
    op.drop_index("ix_link_failed", table_name="link")
    op.drop_index("ix_import_item_sku", table_name="import_item")
    op.drop_index("ix_import_item_queued", table_name="import_item")
