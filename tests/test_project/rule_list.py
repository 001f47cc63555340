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
BUNDLES, PEOPLE = "tests/erp/rules/test_bundles_and_removed_lines.py", "tests/erp/rules/test_customers_and_addresses.py"
PAID, CASES = "tests/erp/rules/test_payments.py", "tests/erp/test_order_import_cases.py"
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
        ('if kind == "export" and not (', "if False and not (", "test_a_parcel_abroad_without_a_phone_number_is_noted"),
        ("    if order.is_tax_owed_by_channel:", f"    {NEVER}", "test_a_marketplace_that_owes_the_tax_leaves_none_on_our_invoice"),
        ('if treatment.kind == "marketplace" and tax:', NEVER, "test_tax_on_an_order_whose_tax_the_marketplace_owes_is_held"),
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
    # --- customers and addresses -------------------------------------------------------------------------------------
    *_in(
        "erp/rules/customer.py",
        METHODS,
        ("mode = settings.guest_mode if order.is_guest else settings.customer_mode", "mode = settings.customer_mode", "test_guests_and_accounts_have_policies_of_their_own"),
        ("if scope is None or candidate.project_id == scope:", ALWAYS, "test_matching_stays_within_the_project_where_it_must"),
        (' or domain.startswith(ANONYMOUS_DOMAINS):', ":", "test_an_anonymous_address_is_no_key"),
    ),
    *_in("erp/rules/customer.py", PEOPLE, ("if order.is_pos and order.is_guest and order.billing.is_empty:", NEVER, "test_an_unnamed_buyer_at_the_counter_is_the_pos_customer")),
    *_in(
        "erp/booking.py",
        "tests/erp/test_booking.py",
        (
            "    if not new:\n        return",
            "    for id in [draft.customer.id for draft in drafts if draft.customer.id]:\n"
            "        session.execute(text(\"UPDATE customer SET city = 'x' WHERE id = :id\"), {\"id\": id})\n"
            "    if not new:\n        return",
            "test_an_order_never_changes_a_customers_master_data",
        ),
    ),
    *_in(
        "erp/rules/address.py",
        METHODS,
        ('found.append(Finding.of("CUSTOMER_NO_NAME"))', "pass", "test_a_customer_needs_a_name_and_an_address"),
        ('found.append(Finding.of("NO_BILLING_ADDRESS"))', "pass", "test_an_order_without_billing_address_is_refused_with_one_finding"),
    ),
    *_in(
        "erp/rules/address.py",
        PEOPLE,
        ("if settings.billing_from_shipping and billing.is_empty", "if False and billing.is_empty", "test_a_missing_billing_address_is_the_delivery_address_only_where_the_settings_say_so"),
        ('return address.model_copy(update={"post_number": written.group()}) if written else address', "return address", "test_a_post_number_is_found_wherever_people_write_it_and_no_text_is_lost"),
        ('found.append(Finding.of("POST_NUMBER_MISSING", severity=Severity.WARNING))', "pass", "test_a_parcel_locker_without_a_post_number_waits_for_a_person"),
    ),
    *_in(
        "erp/rules/decide.py",
        PEOPLE,
        ("is_b2b=bool(parts.vat_id)", "is_b2b=False", "test_only_a_vat_id_makes_an_order_business_to_business"),
        ("delivery=snapshot(delivery_of(order))", "delivery=snapshot(order.billing)", "test_a_deviating_delivery_address_is_kept_in_the_order_beside_the_billing_address"),
    ),
    *_in("erp/rules/changes.py", CASES, ('snapshot(delivery_of(sold)) != booked.delivery', "False", "test_an_address_changed_in_the_shop_waits_for_a_decision_while_the_order_keeps_its_own")),
    # --- lines -------------------------------------------------------------------------------------------------------
    *_in(
        "erp/rules/lines.py",
        LINES,
        ("unknown.append(sku)", "pass", "test_all_unknown_numbers_of_an_order_stand_in_one_finding"),
        ("locked.append(sku)", "pass", "test_a_locked_article_is_refused_and_waited_for"),
        ("return is_fine_enough and (article is None or article.allows_decimals)", "return is_fine_enough", "test_a_quantity_must_be_positive_and_whole_unless_the_article_allows_parts"),
    ),
    *_in(
        "erp/rules/lines.py",
        BUNDLES,
        ("if line.tax or line.discount_tax:", NEVER, "test_a_gift_card_sold_with_tax_waits_for_a_person"),
        ("        if not _is_possible(line, article):", "        if not line.net:\n            continue\n        if not _is_possible(line, article):", "test_a_free_gift_is_a_line_of_nothing"),
    ),
    *_in("erp/master_data.py", "tests/erp/test_edge_cases.py", ("FROM article a WHERE a.number = ANY(:numbers)", "FROM article a JOIN article_list_entry e ON e.article_id = a.id WHERE a.number = ANY(:numbers)", "test_an_article_outside_the_filter_is_imported_all_the_same")),
    *_in("erp/rules/charges.py", LINES, ('found.append(Finding.of("SURCHARGE_ARTICLE_MISSING", names=names, waits_for=keys))', "pass", "test_fees_without_a_usable_surcharge_article_are_refused_by_name")),
    *_in("erp/rules/bundles.py", BUNDLES, ("exploded.extend(_components(line, line.article, moved[index], master, found))", "pass", "test_a_just_in_time_bundle_keeps_its_price_and_its_components_are_booked_at_nothing")),
    *_in(
        "erp/rules/sold.py",
        BUNDLES,
        ("made.append(_replaced(whole, children[0]))", "made += [whole, *children]", "test_a_single_part_replaces_the_shops_bundle"),
        ("    if line.removed > 0:\n        return line.removed >= line.quantity\n", "", "test_a_removed_line_is_left_out_with_a_note"),
        ("kept = line.quantity - line.removed", "kept = line.quantity", "test_of_a_line_that_is_partly_removed_the_rest_is_imported_in_proportion_to_the_cent"),
    ),
    *_in(
        "erp/rules/decide.py",
        BUNDLES,
        ("if order.lines and not sold.order.lines:", NEVER, "test_an_order_of_which_nothing_is_left_is_skipped"),
        ("if settings.merge_lines:", NEVER, "test_single_pieces_of_one_article_at_one_price_become_one_line_with_all_ids"),
    ),
    *_in("erp/rules/autoship.py", BUNDLES, ("if settings.personalised_stops_autoship and (titles := _personalised(order)):", "titles: list[str] = []\n    if False:", "test_a_personalised_line_keeps_its_text_and_stops_auto_ship_unless_switched_off")),
    *_in("erp/rules/autoship.py", GATE, ("if order.state is ChannelState.SHIPPED and not is_settled_at_once(order):", NEVER, "test_a_completed_order_that_is_chosen_is_imported_on_hold_and_reserves_nothing")),
    # --- payments ----------------------------------------------------------------------------------------------------
    *_in(
        "erp/rules/payments.py",
        PAID,
        ("drafted.append(DraftPayment(part.kind.value, part.amount, of_part, reference, at))", "pass", "test_a_redeemed_gift_card_is_a_payment_and_the_total_stays"),
        ("if is_paid or payment is None or payment.expire_days is None:", ALWAYS, "test_an_unpaid_order_expires_after_the_days_of_its_payment_method"),
    ),
    *_in("erp/rules/autoship.py", PAID, ("if order.payments and len(methods := methods_of(order)) > 1:", "methods: list[str] = []\n    if False:", "test_of_several_methods_the_first_is_mapped_all_are_recorded_and_auto_ship_stops")),
    *_in("erp/rules/methods.py", METHODS, ("unknown.append((kind, value))", "pass", "test_an_unmapped_value_parks_the_order_and_is_handed_over_for_mapping")),
    # --- fulfilment and after-sales ----------------------------------------------------------------------------------
    *_in("erp/deliveries.py", "tests/erp/test_shipping.py", ("l.quantity - l.cancelled - l.shipped, a.weight", "l.quantity - l.cancelled, a.weight", "test_a_part_ships_first_and_the_rest_completes_the_order")),
    *_in("erp/completion.py", "tests/erp/test_shipping.py", ("THEN 'partial'", "THEN 'shipped'", "test_a_part_ships_first_and_the_rest_completes_the_order")),
    *_in("erp/parcels.py", "tests/erp/test_autoship.py", ("    if most is None:", f"    {ALWAYS}", "test_a_heavy_order_leaves_in_several_numbered_parcels")),
    *_in(
        "connectors/woocommerce/shipments.py",
        "tests/connectors/test_woocommerce_pushes.py",
        ("tracks = self._settings.send_tracking and bool(numbers)", "tracks = self._settings.send_tracking", "test_without_tracking_only_the_status_is_reported"),
        ('if state == "completed":', NEVER, "test_a_cancellation_looks_first_whether_the_shop_has_shipped"),
    ),
    *_in("erp/rules/gate.py", GATE, ("if order.state is ChannelState.CANCELLED:", NEVER, "test_a_cancelled_order_is_skipped_even_if_its_state_is_chosen")),
    *_in("erp/rules/changes.py", IMPORT, ('return (known, Finding.of("CANCELLED_IN_CHANNEL"))', "return (known,)", "test_a_cancellation_after_import_holds_the_order_once")),
    *_in("erp/rules/amounts.py", "tests/erp/test_orders.py", ("    return taken(lines, left) | whole", "    return {line.id: line.booked for line in lines}", "test_a_part_is_cancelled_before_shipping_and_the_total_follows")),
    *_in("erp/returns.py", "tests/erp/test_returns.py", ("    post_movements(session, movements)", "    pass", "test_a_return_comes_into_stock_and_is_settled_with_credit_note_and_refund")),
    *_in("erp/payments.py", "tests/erp/test_payments.py", ('"state": "executed",\n        "origin": "channel",', '"state": "executed",\n        "origin": "erp",', "test_a_refund_made_in_the_shop_is_recorded_as_done_and_never_reported_back")),
    *_in("erp/shipping.py", "tests/erp/test_labels.py", ('    if shipment.state == "shipped":\n        mark_reports(', '    if shipment.state == "shipped":\n        id(', "test_a_tracking_put_right_is_reported_again_and_once")),
    *_in("erp/push_batches.py", "tests/erp/test_push_shipments.py", ('payload["is_repeat"] or payload["key"] in tries', 'payload["is_repeat"]', "test_an_unanswered_report_is_repeated_as_such_and_the_others_are_not")),
    # --- technical ---------------------------------------------------------------------------------------------------
    *_in("erp/rules/autoship.py", CASES, ("if (other := master.duplicates.get(order.external_id)) is not None:", 'other = ""\n    if False:', "test_the_same_number_total_and_day_under_another_id_is_held_as_a_suspected_duplicate")),
    *_in("erp/inbox.py", "tests/erp/test_edge_cases.py", ("> now - RETRY_AGE,", "> now - 100 * RETRY_AGE,", "test_a_parked_order_is_tried_for_five_days_and_then_only_by_hand")),
    *_in("erp/feature_settings.py", "tests/erp/test_edge_cases.py", ("    if revision is not None:", f"    {NEVER}", "test_a_run_keeps_the_settings_it_began_with")),
    *_in(
        "connectors/answers.py",
        "tests/connectors/test_transport.py",
        ('    HTTPStatus.UNAUTHORIZED: "ACCESS",\n', "", "test_each_status_has_one_code"),
        ('return failure.model_copy(update={"retry_after": retry_after(answer.headers, now)})', "return failure", "test_the_wait_that_the_vendor_asks_for_is_kept"),
    ),
    *_in("connectors/transport.py", "tests/connectors/test_transport.py", ('return Failure.of("UNREACHABLE", host=self.host)', 'return Failure.of("ACCESS", host=self.host)', "test_a_closed_port_is_unreachable")),
    *_in("connectors/woocommerce/orders.py", "tests/connectors/test_conformance.py", ('"order": "asc"', '"order": "desc"', "test_orders_that_change_while_paging_are_not_skipped")),
    *_in("erp/push.py", "tests/erp/test_push_stock.py", ("            col(Link.dirty_at).is_not(None),\n", "", "test_a_thousand_changes_among_twenty_thousand_articles_are_sent_once_each")),
    *_in("erp/rules/texts.py", LINES, ("return clean if len(clean) <= limit else clean[: limit - 1] + ELLIPSIS", "return clean", "test_an_endless_title_is_cut_visibly_and_a_nul_is_dropped")),
]  # fmt: skip
