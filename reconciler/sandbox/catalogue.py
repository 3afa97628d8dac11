"""The catalogue of filters, of both generations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.record import Generation

Kind = Literal["multi_select", "text_terms", "boolean", "number_range"]
Shares = dict[str, int]

# A filter's counts in the catalogue are of a million people.
PEOPLE_PER_SHARE = 1_000

SENIORITY: Shares = {
    "entry": 310,
    "manager": 210,
    "director": 90,
    "vp": 45,
    "c_suite": 30,
    "cxo": 20,
    "founder": 25,
    "owner": 40,
}
INDUSTRY: Shares = {
    "software development": 140,
    "information technology": 120,
    "manufacturing": 110,
    "financial services": 90,
    "healthcare": 80,
    "retail": 70,
    "marketing and advertising": 50,
    "banking": 45,
    "consumer goods": 40,
    "industrial automation": 25,
}
INDUSTRY_GROUP: Shares = {
    "technology": 260,
    "manufacturing": 135,
    "finance": 135,
    "consumer": 110,
    "healthcare": 80,
    "media": 50,
}
SIZE: Shares = {
    "1 to 10": 180,
    "11 to 50": 220,
    "51 to 100": 110,
    "101 to 250": 130,
    "251 to 500": 90,
    "501 to 1000": 80,
    "1001 to 5000": 90,
    "5001 and more": 100,
}
DEPARTMENT: Shares = {
    "sales": 150,
    "engineering": 160,
    "information technology": 120,
    "marketing": 110,
    "operations": 110,
    "finance": 70,
    "human resources": 50,
    "legal": 20,
}
STATE: Shares = {
    "California": 120,
    "Texas": 90,
    "Florida": 65,
    "New York": 60,
    "Illinois": 38,
    "Massachusetts": 22,
}
REVENUE: Shares = {
    "under 1 million": 210,
    "1 million to 10 million": 260,
    "10 million to 25 million": 130,
    "25 million to 50 million": 90,
    "50 million to 100 million": 80,
    "100 million to 250 million": 70,
    "250 million and more": 160,
}
AGE: Shares = {"18-24": 90, "25-34": 240, "35-44": 270, "45-54": 210, "55-64": 130, "65 and older": 60}
GENDER: Shares = {"female": 490, "male": 510}


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter; of a thousand people, `shares` says how many match a value, and `other` any further one."""

    key: str
    label: str
    kind: Kind
    other: int
    shares: Mapping[str, int] = field(default_factory=dict)


FIRST: Mapping[str, Filter] = {
    each.key: each
    for each in (
        Filter("companyIndustry", "Industry", "multi_select", 10, INDUSTRY),
        Filter("seniority", "Seniority", "multi_select", 10, SENIORITY),
        Filter("companySize", "Company size", "multi_select", 10, SIZE),
        Filter("department", "Department", "multi_select", 10, DEPARTMENT),
        Filter("state", "State", "multi_select", 15, STATE),
        Filter("companyRevenueRange", "Revenue", "multi_select", 10, REVENUE),
        Filter("ageRange", "Age", "multi_select", 10, AGE),
        Filter("gender", "Gender", "multi_select", 10, GENDER),
        Filter("isB2b", "Business contact", "multi_select", 0, {"y": 700, "n": 300}),
        Filter("jobTitle", "Job title", "text_terms", 60),
        Filter("hasBusinessEmail", "Business email", "boolean", 620),
        Filter("hasPersonalEmail", "Personal email", "boolean", 540),
        Filter("hasLinkedin", "LinkedIn profile", "boolean", 710),
        Filter("hasPhone", "Phone", "boolean", 430),
        Filter("companyDomain", "Company domain", "text_terms", 8),
        Filter("companyName", "Company name", "text_terms", 8),
    )
}
SECOND: Mapping[str, Filter] = {
    each.key: each
    for each in (
        Filter("company.industries", "Industries", "multi_select", 10, INDUSTRY),
        Filter("company.industryGroups", "Industry groups", "multi_select", 10, INDUSTRY_GROUP),
        Filter("company.revenueRanges", "Revenue ranges", "multi_select", 10, REVENUE),
        # Ranges of numbers exist in the vendor's catalogue; it names none of them, so this key is made up.
        Filter("company.employeeCount", "Number of employees", "number_range", 250),
        Filter("company.names", "Company names", "text_terms", 8),
        Filter("company.domains", "Company domains", "text_terms", 8),
        Filter("role.seniority", "Seniority", "multi_select", 10, SENIORITY),
        Filter("role.departments", "Departments", "multi_select", 10, DEPARTMENT),
        Filter("role.isDecisionMaker", "Decision maker", "boolean", 180),
        Filter("role.isCeo", "Chief executive", "boolean", 12),
        Filter("role.isVp", "Vice president", "boolean", 45),
        Filter("role.isFinance", "Finance role", "boolean", 70),
        Filter("jobTitle.include", "Job titles", "text_terms", 40),
        Filter("jobTitle.exclude", "Excluded job titles", "text_terms", 30),
        Filter("jobTitle.exact", "Exact job titles", "text_terms", 15),
        Filter("contact.hasBusinessEmail", "Business email", "boolean", 620),
    )
}
FILTERS: Mapping[Generation, Mapping[str, Filter]] = {1: FIRST, 2: SECOND}
GROUPS = {"company": "Company", "role": "Role", "jobTitle": "Job titles", "contact": "Contact details"}
OPERATORS: Mapping[Kind, list[str]] = {
    "multi_select": ["contains", "equals"],
    "text_terms": ["contains", "equals"],
    "boolean": ["is"],
    "number_range": ["between"],
}
VALUE_TYPES: Mapping[Kind, str] = {
    "multi_select": "enum",
    "text_terms": "string",
    "boolean": "boolean",
    "number_range": "number",
}


def lists() -> dict[str, list[str]]:
    """Return the first generation's filter values."""
    listed = (FIRST[key] for key in FIRST if key != "isB2b")
    return {each.key: list(each.shares) for each in listed if each.kind == "multi_select"}


def groups() -> dict[str, Any]:
    """Return the second generation's catalogue."""
    value_count = sum(len(each.shares) for each in SECOND.values())
    return {
        "version": {"status": "catalog", "catalogVersion": "sandbox", "buildDate": seed()["dataDate"]},
        "summary": {"groupCount": len(GROUPS), "filterCount": len(SECOND), "valueCount": value_count},
        "groups": [_group(key, label) for key, label in GROUPS.items()],
    }


def _group(key: str, label: str) -> dict[str, Any]:
    filters = [_document(each, label) for name, each in SECOND.items() if name.startswith(f"{key}.")]
    return {"key": key, "label": label, "description": f"{label}, to narrow an audience.", "filters": filters}


def _document(each: Filter, section: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "key": each.key,
        "label": each.label,
        "type": each.kind,
        "valueType": VALUE_TYPES[each.kind],
        "operators": OPERATORS[each.kind],
        "ui": {"label": each.label, "description": f"{each.label}.", "section": section},
    }
    if each.shares:
        shares = each.shares.items()
        document["values"] = [counted_value(value, share * PEOPLE_PER_SHARE) for value, share in shares]
    return document


def counted_value(value: str, count: int) -> dict[str, Any]:
    """Return one value with its label and how many people it stands for."""
    return {"value": value, "label": value.replace("_", " ").capitalize(), "count": count}
