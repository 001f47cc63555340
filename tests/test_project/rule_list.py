"""The rules that real orders need: where each stands, what is left when it is removed, and the test that must notice."""

from typing import NamedTuple


class Rule(NamedTuple):
    """One rule: `text` occurs once in `file`; with `instead` in its place the code still runs, and `test` fails."""

    file: str
    text: str
    instead: str
    test: str


def _in(file: str, tests: str, *rules: tuple[str, str, str]) -> list[Rule]:
    """Rules of one file whose tests stand in one file: text, what is left, name of the test."""
    return [Rule(file, text, instead, f"{tests}::{test}") for text, instead, test in rules]


OSS, TAXES = "tests/erp/rules/test_oss.py", "tests/erp/rules/test_taxes_and_totals.py"
SHIPPING, DISCOUNTS = "tests/erp/rules/test_shipping_tax.py", "tests/erp/rules/test_discounts.py"
SERVICE, PROPERTIES = "tests/erp/test_oss_service.py", "tests/erp/rules/test_properties.py"
LINES, GATE = "tests/erp/rules/test_lines.py", "tests/erp/rules/test_gate.py"
METHODS, IMPORT = "tests/erp/rules/test_methods_and_customers.py", "tests/erp/test_order_import.py"
NEVER, ALWAYS = "if False:", "if True:"

RULES: list[Rule] = [
    # --- tax: kind and country ---------------------------------------------------------------------------------------
    *_in(
        "erp/rules/taxes.py",
        OSS,
        ('return Treatment("eu", place.country, instead=origin)', 'return Treatment("domestic", origin)', "test_eu_consumers_are_taxed_in_their_country"),
        ('return Treatment("eu_origin", origin, instead=place.country)', 'return Treatment("eu", place.country)', "test_a_small_seller_below_the_threshold_keeps_the_tax_of_the_warehouse"),
        (" or place.country in master.oss.registrations:", ":", "test_an_own_warehouse_with_a_vat_id_in_the_country_makes_it_domestic_there"),
        ("address = delivery_of(order)", "address = order.billing", "test_tax_follows_the_country_of_delivery_and_not_of_the_bill"),
        ("    if place.is_territory:", f"    {NEVER}", "test_territories_outside_the_vat_area_are_exports"),
        ("frozenset() if treatment.is_territory else master.", "master.", "test_tax_on_an_export_to_a_territory_is_held"),
        ("    if order.is_tax_owed_by_channel:", f"    {NEVER}", "test_a_marketplace_that_owes_the_tax_leaves_none_on_our_invoice"),
        ('if treatment.kind == "marketplace" and (owed := tax - _collected(order.fees)):', "owed = tax\n    if False:", "test_tax_on_an_order_whose_tax_the_marketplace_owes_is_held"),
        ("if vat_id and not is_taxed and vat_country", "if False and vat_country", "test_a_business_in_another_eu_country_is_billed_by_reverse_charge"),
        ("if vat_id and not is_taxed and", "if vat_id and", "test_a_business_that_the_shop_taxed_stays_taxed"),
        ("and vat_country(vat_id, place.country) != origin:", "and vat_country(vat_id, place.country):", "test_a_vat_id_of_the_warehouses_country_frees_nothing_abroad"),
        ("if not place.is_in_eu or (origin not in EU and origin != NORTHERN_IRELAND):", NEVER, "test_a_third_country_is_an_export_by_the_delivery_address"),
        ("if treatment.instead and rate in", "if False and rate in", "test_the_origins_rate_although_oss_applies_is_a_mismatch"),
        ('code = "OSS_RATE_MISMATCH" if treatment.kind == "eu" else "ORIGIN_RATE_MISMATCH"', 'code = "OSS_RATE_MISMATCH"', "test_the_destinations_rate_although_origin_still_applies_is_a_mismatch"),
        ("if treatment.kind in TAXED and master.article_rates:", NEVER, "test_an_articles_own_rate_in_a_country_beats_the_table"),
    ),
    *_in(
        "erp/rules/oss.py",
        OSS,
        ("return tax_at_origin and (oss.applies_from is None or ordered_at.astimezone(UTC).date() < oss.applies_from)", "return tax_at_origin", "test_from_the_day_the_threshold_was_crossed_the_destination_counts"),
    ),
    *_in(
        "erp/rules/places.py",
        OSS,
        ('if country == "GB" and', "if False and", "test_northern_ireland_belongs_to_the_eu_at_british_rates"),
        ('TAXED_AS = {"MC": "FR", "EL": "GR"}', 'TAXED_AS = {"EL": "GR"}', "test_monaco_is_taxed_as_france"),
    ),
    *_in(
        "erp/rules/vat_ids.py",
        OSS,
        ('if kind == "reverse_charge" and not is_well_formed(vat_id, country):', NEVER, "test_a_malformed_vat_id_on_an_untaxed_order_is_held_even_if_the_shop_is_trusted"),
        ("(order.billing.vat_id or order.delivery.vat_id)", "order.delivery.vat_id", "test_another_delivery_address_leaves_the_vat_id_on_the_order"),
    ),
    # --- tax: rates and sums -----------------------------------------------------------------------------------------
    *_in(
        "erp/rules/taxes.py",
        TAXES,
        ("    rates = {line.tax_rate for line in lines} - known", "    rates = set[Decimal]()", "test_a_rate_that_the_country_does_not_know_stops_auto_ship"),
        ("if kind not in TAXED or exempt_if_tax_missing:", ALWAYS, "test_missing_tax_information_is_refused_by_line"),
        ("is_chosen = exempt_if_tax_missing and line.tax_rate is None", "is_chosen = False", "test_missing_tax_information_means_zero_percent_where_the_settings_say_so"),
        ("elif abs(tax * HUNDRED - net * rate) > unit:", "elif False:", "test_tax_that_does_not_fit_its_rate_is_refused"),
        ("unit = HUNDRED * unit_of(order.currency)", "unit = HUNDRED * unit_of('EUR')", "test_an_order_without_cents_rounds_its_taxes_to_whole_yen"),
        ("if tax or treatment.kind not in TAXED or not total:", ALWAYS, "test_an_order_without_tax_in_a_taxable_country_needs_an_explanation"),
    ),
    *_in(
        "erp/rules/totals.py",
        TAXES,
        ("    if sums.total < 0:", f"    {NEVER}", "test_a_total_below_zero_is_refused"),
        ("    if largest > settings.max_total_diff:", f"    {NEVER}", "test_above_the_largest_difference_the_total_is_not_fixed_and_a_person_looks"),
        ('+ (f" (Σ {stated})" if per_rate.get(what) == stated else "")', "", "test_a_rounding_difference_is_explained_by_sum_and_by_how_the_shop_rounded"),
        ("parts = differing_sums(order, sums)", "parts: list[tuple[str, Decimal, Decimal]] = []", "test_a_stated_tax_per_rate_is_compared"),
        ('found.append(_mismatch("total", order.stated.total, sums.total))', "pass", "test_a_stated_sum_that_the_lines_do_not_give_parks_the_order"),
    ),
    *_in(
        "erp/rules/decide.py",
        TAXES,
        ("exchange_rate_at=master.exchange_rates_since.get(order.currency)", "exchange_rate_at=None", "test_a_foreign_currency_is_booked_with_its_rate_and_the_day_of_the_rate"),
        ("order.prices_include_tax and not settings.calc_net", "True", "test_a_net_shop_keeps_net_amounts_and_says_so"),
    ),
    *_in(
        "erp/rules/gate.py",
        TAXES,
        ("places = 0 if order.currency in WITHOUT_CENTS else MOST_DECIMALS", "places = MOST_DECIMALS", "test_amounts_must_fit_the_smallest_unit_of_their_currency"),
    ),
    *_in(
        "erp/rules/autoship.py",
        TAXES,
        ("if order.currency != ERP_CURRENCY and order.currency not in master.exchange_rates:", NEVER, "test_a_foreign_currency_needs_a_rate"),
        ('if kind == "reverse_charge" and not settings.vat_id_trusted and', 'if kind == "reverse_charge" and', "test_reverse_charge_waits_for_the_check_of_the_vat_id_unless_it_is_trusted"),
    ),
    # --- discounts, shipping costs, fees -----------------------------------------------------------------------------
    *_in(
        "erp/rules/discounts.py",
        DISCOUNTS,
        ("zip(codes, nets, taxes, strict=True)", "[(codes[0], net, tax)]", "test_one_line_per_discount_and_tax_rate_with_the_code_as_text"),
        ("parts = split_over_rates(charge.net, gross_per_rate(goods), unit)", "parts = [(ZERO, charge.net, ZERO)]", "test_a_discount_over_mixed_rates_is_split_by_gross_and_the_last_rate_takes_the_cent"),
        ("    per_rate: dict[Decimal, list[Decimal]] = {}", "    per_rate = {Decimal(19): [code.net, code.tax] for code in order.discounts}", "test_what_the_line_price_has_already_is_not_taken_off_again"),
        ("        if discount > goods.get(rate, ZERO):", f"        {NEVER}", "test_a_voucher_larger_than_the_goods_is_looked_at_by_a_person"),
        ("per_rate.values()), ZERO))\n    unit = unit_of(order.currency)", "per_rate.values()), ZERO))\n    unit = unit_of('EUR')", "test_a_discount_in_yen_is_split_into_whole_yen"),
    ),
    *_in("canonical/money.py", PROPERTIES, ("    parts[last] += amount - sum(parts, ZERO)\n", "", "test_no_split_loses_a_cent")),
    *_in("canonical/money.py", DISCOUNTS, ("    parts[last] += amount - sum(parts, ZERO)\n", "", "test_the_last_part_takes_the_cent")),
    *_in(
        "erp/rules/charges.py",
        SHIPPING,
        ("    if mode is ShippingTax.FROM_CHANNEL:\n        return lines\n", "    mode = ShippingTax.SPLIT\n", "test_the_channels_tax_on_shipping_is_kept_by_default"),
        ("return _retaxed(lines, settings.shipping_tax, goods, unit_of(order.currency))", "return lines", "test_shipping_of_mixed_goods_is_taxed_as_the_settings_say"),
        ("rates = {max(rates): ONE}", "rates = {min(rates): ONE}", "test_shipping_of_mixed_goods_is_taxed_as_the_settings_say"),
        ("lines = lines if len(lines) == 1 else _summed(lines)", "", "test_several_shipping_lines_are_summed_by_tax_rate"),
        ("key = (line.tax_rate, line.gross < 0)", "key = (line.tax_rate, False)", "test_a_discount_on_shipping_is_a_negative_line_of_its_own"),
        ("    if charge.line_ref:", f"    {NEVER}", "test_gift_wrap_belongs_to_its_line"),
        ("WORDS[charge.kind][_is_foreign(order)])", '"")', "test_a_cash_on_delivery_fee_is_a_line_of_its_own_beside_the_postage"),
        ("drafted = [_fee(charge, surcharge, order, goods) for charge in positive]", "drafted: list[DraftLine] = []", "test_a_payment_fee_is_a_surcharge_line"),
    ),
    *_in("erp/rules/charges.py", OSS, ("    if charge.kind is ChargeKind.MARKETPLACE_TAX:", f"    {NEVER}", "test_tax_that_the_marketplace_collects_is_a_line_of_its_own_and_not_our_turnover_tax")),
    *_in("erp/rules/charges.py", LINES, ("    if not charged and not always:", "    if not charged:", "test_free_shipping_is_a_line_of_zero_only_where_the_project_asks_for_it")),
    *_in("erp/rules/taxes.py", SHIPPING, ("and charge.kind not in UNTAXED_FEES:", ":", "test_a_tip_is_a_tax_free_surcharge")),
    *_in("erp/rules/taxes.py", SHIPPING, ("UNTAXED_FEES = frozenset({ChargeKind.TIP, ChargeKind.DEPOSIT,", "UNTAXED_FEES = frozenset({ChargeKind.TIP,", "test_a_deposit_is_a_surcharge_with_or_without_tax")),
    # --- the threshold -----------------------------------------------------------------------------------------------
    *_in(
        "erp/oss.py",
        SERVICE,
        (" AND NOT p.is_outside_oss", "", "test_a_project_outside_oss_does_not_count"),
        ("d.tax_kind IN ('eu', 'eu_origin') AND NOT d.is_b2b", "d.tax_kind IN ('eu', 'eu_origin')", "test_what_is_no_sale_to_an_eu_consumer_of_the_year_does_not_count"),
        ("WHERE d.kind = 'invoice' AND", "WHERE d.kind IN ('invoice', 'credit_note', 'cancellation_invoice') AND", "test_cancellations_and_credit_notes_do_not_lower_the_counter"),
        ("sum(d.net / coalesce(o.exchange_rate, x.rate, 1))", "sum(d.net)", "test_foreign_invoices_count_by_the_rate_of_their_order"),
        ("AND threshold < (SELECT", "AND threshold <= (SELECT", "test_crossing_the_threshold_applies_from_that_day_and_is_noted"),
        (" AND applies_from IS NULL", "", "test_the_day_of_crossing_stays_whatever_is_invoiced_later"),
        ("    if threshold < AT_ONCE:", f"    {NEVER}", "test_a_threshold_of_one_applies_at_once_and_zero_is_refused"),
    ),
    *_in("erp/documents.py", SERVICE, ("    oss.activate_when_crossed(session, today())\n", "", "test_the_invoice_that_crosses_the_threshold_turns_oss_on")),
    *_in("erp/master_data.py", SERVICE, ("WHERE warehouse.kind = 'own')", ")", "test_the_rules_read_threshold_registrations_and_article_rates")),
    *_in("erp/booking.py", SERVICE, ('"tax_kind": draft.tax_kind', '"tax_kind": "domestic"', "test_an_order_of_the_day_of_crossing_is_booked_at_the_destination_and_stays_so")),
]  # fmt: skip
