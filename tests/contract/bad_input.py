"""Which kinds of bad input are tried with which connectors, by which tests; part of `docs/contract-tests.md`."""

from __future__ import annotations

BAD, ADDRESSES = "tests/connectors/test_bad_input.py", "tests/connectors/test_bad_input_addresses.py"
SUITE, TRANSPORT = "tests/connectors/test_conformance.py", "tests/connectors/test_transport.py"

ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Address as people paste it: scheme, path, admin page, slash, spaces, capitals, port, www, umlauts",
        "all",
        (
            f"{ADDRESSES}::test_the_address_is_made_of_what_people_paste",
            f"{ADDRESSES}::test_shopify_answers_at_one_address_whatever_is_pasted",
            f"{ADDRESSES}::test_a_shop_in_a_folder_keeps_its_folder",
            f"{ADDRESSES}::test_a_name_with_umlauts_is_called_by_its_name_in_dns",
        ),
    ),
    (
        "Slips: a scheme twice, characters without width, quotation marks, a dot at the end, the scheme's own port",
        "all",
        (f"{ADDRESSES}::test_slips_of_the_hand_are_put_right",),
    ),
    (
        "No address: e-mail, script, file, user and password, wrong port; a host that nobody can have, a search engine",
        "all",
        (
            f"{ADDRESSES}::test_what_is_no_address_is_named_at_its_field",
            f"{ADDRESSES}::test_a_host_that_nobody_can_have_and_a_search_engine_are_named_at_the_field",
            f"{ADDRESSES}::test_an_address_at_which_shopify_does_not_answer_is_named_at_its_field",
        ),
    ),
    (
        "A private address",
        "all",
        (
            f"{BAD}::test_a_private_address_is_refused_before_it_is_called",
            "tests/connectors/test_addresses.py::test_a_private_address_is_refused_however_it_is_written",
        ),
    ),
    (
        "A key that is revoked in mid-run",
        "all; the whole run with WooCommerce",
        (
            "tests/faults/test_revoked_key.py::test_a_key_revoked_after_the_first_page_blocks_the_run_and_loses_nothing",
            f"{BAD}::test_a_key_revoked_between_two_pages_loses_no_order",
            f"{BAD}::test_a_key_revoked_between_two_batches_keeps_what_was_sent",
            f"{BAD}::test_a_key_revoked_within_the_initial_import_loses_no_article",
            f"{SUITE}::test_a_revoked_key_in_mid_run_needs_a_person",
            "tests/web/test_journal.py::test_a_blocked_feature_shows_a_banner_until_it_is_resolved",
        ),
    ),
    (
        "A missing permission, named for each feature",
        "Shopify, WooCommerce, Shopware 6; Mirakl's keys have all or none of a shop's",
        (
            f"{BAD}::test_a_missing_permission_is_named_for_each_feature_that_lacks_it",
            "tests/connectors/test_shopify_account.py::test_what_a_feature_lacks_is_named_at_the_feature",
            "tests/connectors/test_mirakl_account.py::test_a_missing_permission_is_named_for_its_feature",
            "tests/connectors/test_shopware5_import.py::test_a_wrong_key_a_missing_right_and_an_old_shop_are_told_apart",
        ),
    ),
    (
        "HTML in place of JSON: maintenance page with 200 and 503, login page, firewall, 404 page; data of another shape",
        "all",
        (
            f"{BAD}::test_a_page_for_people_is_no_wrong_password",
            f"{BAD}::test_data_of_another_shape_confirms_nothing_and_breaks_nothing",
            f"{SUITE}::test_an_outage_is_tried_again_and_is_no_wrong_password",
            f"{SUITE}::test_a_shop_that_is_down_is_no_wrong_password",
            f"{TRANSPORT}::test_a_redirect_elsewhere_is_named_and_not_followed",
        ),
    ),
    (
        "GraphQL with status 200 and `errors`: throttled, access denied, internal, data in part",
        "Shopify",
        (
            f"{BAD}::test_a_graphql_answer_with_some_data_and_an_error_is_not_taken_for_whole",
            "tests/connectors/test_shopify_account.py::test_an_error_becomes_the_failure_that_it_is",
            "tests/connectors/test_shopify_account.py::test_a_throttled_call_says_when_the_bucket_is_full_enough",
        ),
    ),
    (
        "One bad record in a batch",
        "all that send",
        (
            f"{SUITE}::test_one_bad_record_is_rejected_alone",
            f"{SUITE}::test_article_numbers_that_nobody_can_have_are_refused_alone",
            f"{SUITE}::test_what_was_done_before_an_outage_keeps_its_result",
        ),
    ),
    (
        "An article of 2,000 variants",
        "sent: all that send articles; listed: all that import",
        (
            f"{BAD}::test_an_article_of_two_thousand_variants_is_sent_and_listed",
            f"{BAD}::test_an_article_of_two_thousand_variants_is_imported_from_shopware_5",
        ),
    ),
    (
        "An order of 500 lines",
        "all with orders",
        (f"{BAD}::test_an_order_of_five_hundred_lines_is_read_whole_and_to_the_cent",),
    ),
    (
        "Currencies without cents (JPY) and with three decimals (KWD)",
        "all with orders; what cannot be booked is refused by the rules",
        (
            f"{BAD}::test_a_currency_without_or_with_three_decimals_is_taken_as_stated",
            "tests/erp/rules/test_taxes_and_totals.py::test_amounts_must_fit_the_smallest_unit_of_their_currency",
            "tests/connectors/test_shopify_mapping.py::test_a_currency_without_cents_stays_whole",
            "tests/connectors/test_mirakl_mapping.py::test_a_currency_without_cents_is_discounted_in_whole_units",
        ),
    ),
)
"""What is tried, with which connectors, and the tests; that they exist is checked with all of the documentation."""
