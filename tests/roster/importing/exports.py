"""SYNTHETIC exports: the real headers, and lines of organizations that do not exist."""

# ruff: noqa: SIM905
import csv
from pathlib import Path

# Assistance_PrimeTransactions: fedspendingtransparency/usaspending-api at 13a1ee0f, "transaction_search" "d2".
USASPENDING = """
assistance_transaction_unique_key assistance_award_unique_key award_id_fain modification_number award_id_uri sai_number
federal_action_obligation total_obligated_amount total_outlayed_amount_for_overall_award
indirect_cost_federal_share_amount non_federal_funding_amount total_non_federal_funding_amount face_value_of_loan
original_loan_subsidy_cost total_face_value_of_loan total_loan_subsidy_cost generated_pragmatic_obligations
disaster_emergency_fund_codes_for_overall_award outlayed_amount_from_COVID-19_supplementals_for_overall_award
obligated_amount_from_COVID-19_supplementals_for_overall_award
outlayed_amount_from_IIJA_supplemental_for_overall_award obligated_amount_from_IIJA_supplemental_for_overall_award
action_date action_date_fiscal_year period_of_performance_start_date period_of_performance_current_end_date
awarding_agency_code awarding_agency_name awarding_sub_agency_code awarding_sub_agency_name awarding_office_code
awarding_office_name funding_agency_code funding_agency_name funding_sub_agency_code funding_sub_agency_name
funding_office_code funding_office_name treasury_accounts_funding_this_award federal_accounts_funding_this_award
object_classes_funding_this_award program_activities_funding_this_award recipient_uei recipient_duns recipient_name
recipient_name_raw recipient_parent_uei recipient_parent_duns recipient_parent_name recipient_parent_name_raw
recipient_country_code recipient_country_name recipient_address_line_1 recipient_address_line_2 recipient_city_code
recipient_city_name prime_award_transaction_recipient_county_fips_code recipient_county_name
prime_award_transaction_recipient_state_fips_code recipient_state_code recipient_state_name recipient_zip_code
recipient_zip_last_4_code prime_award_transaction_recipient_cd_original prime_award_transaction_recipient_cd_current
recipient_foreign_city_name recipient_foreign_province_name recipient_foreign_postal_code
primary_place_of_performance_scope primary_place_of_performance_country_code primary_place_of_performance_country_name
primary_place_of_performance_code primary_place_of_performance_city_name
prime_award_transaction_place_of_performance_county_fips_code primary_place_of_performance_county_name
prime_award_transaction_place_of_performance_state_fips_code primary_place_of_performance_state_name
primary_place_of_performance_zip_4 prime_award_transaction_place_of_performance_cd_original
prime_award_transaction_place_of_performance_cd_current primary_place_of_performance_foreign_location cfda_number
cfda_title funding_opportunity_number funding_opportunity_goals_text assistance_type_code assistance_type_description
transaction_description prime_award_base_transaction_description business_funds_indicator_code
business_funds_indicator_description business_types_code business_types_description correction_delete_indicator_code
correction_delete_indicator_description action_type_code action_type_description record_type_code
record_type_description highly_compensated_officer_1_name highly_compensated_officer_1_amount
highly_compensated_officer_2_name highly_compensated_officer_2_amount highly_compensated_officer_3_name
highly_compensated_officer_3_amount highly_compensated_officer_4_name highly_compensated_officer_4_amount
highly_compensated_officer_5_name highly_compensated_officer_5_amount usaspending_permalink initial_report_date
last_modified_date
""".split()
# eo1.csv to eo4.csv of irs.gov.
IRS = """
EIN NAME ICO STREET CITY STATE ZIP GROUP SUBSECTION AFFILIATION CLASSIFICATION RULING DEDUCTIBILITY FOUNDATION
ACTIVITY ORGANIZATION STATUS TAX_PERIOD ASSET_CD INCOME_CD FILING_REQ_CD PF_FILING_REQ_CD ACCT_PD ASSET_AMT INCOME_AMT
REVENUE_AMT NTEE_CD SORT_NAME
""".split()
# simpler.grants.gov: HHS/simpler-grants-gov at 32d9a126, opportunity_to_csv.py.
GRANTS_GOV = """
opportunity_id opportunity_number opportunity_title opportunity_status agency_code category category_explanation
post_date close_date close_date_description archive_date is_cost_sharing expected_number_of_awards
estimated_total_program_funding award_floor award_ceiling additional_info_url additional_info_url_description
opportunity_assistance_listings funding_instruments funding_categories funding_category_description applicant_types
applicant_eligibility_description agency_name top_level_agency_name agency_contact_description agency_email_address
agency_email_address_description is_forecast forecasted_post_date forecasted_close_date
forecasted_close_date_description forecasted_award_date forecasted_project_start_date fiscal_year created_at
updated_at url summary_description
""".split()
NAMESPACE = "http://apply.grants.gov/system/OpportunityDetail-V1.0"
OPPORTUNITY = {
    "OpportunityID": "900001",
    "OpportunityTitle": "SYNTHETIC services",
    "OpportunityNumber": "SYN-2026-1",
    "CFDANumbers": ["16.320"],
    "EligibleApplicants": ["00", "12", "99"],
    "AgencyName": "SYNTHETIC office",
    "PostDate": "01152026",
    "CloseDate": "03152026",
    "AwardCeiling": "900000",
    "AwardFloor": "0",
    "EstimatedTotalProgramFunding": "6000000",
    "ExpectedNumberOfAwards": "10",
    "CostSharingOrMatchingRequirement": "Yes",
}


def write_csv(path, header, rows):
    """Write rows of dictionaries under a header, with the quotes that the exports have; the file's path comes back."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_action(recipient, award=1, action=1, usd=360000, **cells):
    """Return one action of an award of three years to a SYNTHETIC recipient."""
    return {
        "assistance_transaction_unique_key": f"T_{recipient}_{award}_{action}",
        "assistance_award_unique_key": f"ASST_NON_{recipient}_{award}",
        "federal_action_obligation": f"{usd:.2f}",
        "non_federal_funding_amount": "0.00",
        "action_date": f"2021-09-{action:02d}",
        "period_of_performance_start_date": "2021-10-01",
        "period_of_performance_current_end_date": "2024-09-30",
        "recipient_uei": f"SYNTHETIC{recipient:03d}",
        "recipient_name": f"SYNTHETIC {recipient}",
        "recipient_state_code": "TX",
        "recipient_county_name": "HARRIS",
        "recipient_city_name": "HOUSTON",
        "cfda_number": "16.320",
        "business_types_code": "M",
        "record_type_code": "2",
    } | cells


def make_nonprofit(number, **cells):
    """Return one SYNTHETIC organization of the business master file."""
    return {
        "EIN": f"{number:09d}",
        "NAME": f"SYNTHETIC {number}",
        "CITY": "HOUSTON",
        "STATE": "TX",
        "SUBSECTION": "03",
        "ASSET_AMT": "60000",
        "REVENUE_AMT": "240000",
        "NTEE_CD": "P43",
    } | cells


def make_opportunity(number, **cells):
    """Return one SYNTHETIC opportunity of the CSV export."""
    return {
        "opportunity_id": str(number),
        "opportunity_number": f"SYN-{number}",
        "is_cost_sharing": "False",
        "expected_number_of_awards": "10",
        "estimated_total_program_funding": "6000000",
        "award_ceiling": "700000",
        "opportunity_assistance_listings": "16.320|SYNTHETIC services",
        "applicant_types": "state_governments;nonprofits_non_higher_education_with_501c3",
        "is_forecast": "False",
    } | cells


def write_xml(path, *opportunities, element="OpportunitySynopsisDetail_1_0", head=""):
    """Write an extract; values that are lists become elements that repeat."""
    parts = []
    for one in opportunities:
        cells = (
            (name, text) for name, value in one.items() for text in (value if isinstance(value, list) else [value])
        )
        parts.append(f"<{element}>{''.join(f'<{name}>{text}</{name}>' for name, text in cells)}</{element}>")
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<Grants xmlns="{NAMESPACE}">\n'
        + "\n".join(parts)
        + "\n</Grants>\n"
    )
    Path(path).write_text(text, encoding="utf-8")
    return path
