"""The canonical data model: what shops and the ERP store agree on; pure, frozen, without input or output."""
