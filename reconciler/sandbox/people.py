"""The people of an audience: made up, under example domains, so that no response can name a real person."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.record import Config

PEOPLE = (
    ("Ana", "northwind.example", "director", "director of demand generation"),
    ("Bo", "contoso.example", "vp", "vp marketing"),
    ("Chidi", "initech.example", "c_suite", "chief revenue officer"),
    ("Dana", "umbrella.example", "manager", "revenue operations manager"),
    ("Emil", "globex.example", "director", "director of finance"),
)
PERSON_NAMESPACE = uuid.UUID("4f0a8d52-3c0e-4f43-8a77-6a2a0f6e9c30")
# The other fields of a person: a client may read each, and nothing is known of any.
MASKED_FIELDS = (
    "ageRange gender headline linkedinUrl incomeRange netWorth isB2b isB2c city state department company"
    " companyDomain companyIndustry companySize companyRevenue companyRevenueRange companyLinkedinUrl"
    " companyNaics companySic directNumbers businessEmail"
)
OTHER_FIELDS = (
    "photoUrl hasChildren isHomeowner isMarried address zip personalCountry jobTitleNormalized"
    " subdepartments jobFunctions companyCity companyState companyZip country companyCountry"
    " companyDescription phones mobilePhones personalPhones emails personalEmail personalEmails"
    " businessEmails"
)
MASKED = dict.fromkeys(MASKED_FIELDS.split())
WHOLE = {**MASKED, **dict.fromkeys(OTHER_FIELDS.split())}
HASHES = dict.fromkeys(("sha256", "sha1", "md5"))


def masked(number: int, config: Config, scores: Mapping[str, int]) -> dict[str, Any]:
    """Return one of a preview's people."""
    _, domain, _, _ = PEOPLE[number % len(PEOPLE)]
    hidden = {"lastName": "***", "email": f"***@{domain}", "emailHashes": HASHES, "masked": True}
    return {**MASKED, **_matched(number, config, scores), **hidden}


def whole(number: int, config: Config, scores: Mapping[str, int]) -> dict[str, Any]:
    """Return one of an audience's people."""
    first_name, domain, _, _ = PEOPLE[number % len(PEOPLE)]
    email = f"{first_name.casefold()}.{number}@{domain}"
    shown = {
        "personId": str(uuid.uuid5(PERSON_NAMESPACE, email)),
        "hem": uuid.uuid5(PERSON_NAMESPACE, email).hex,
        "lastName": "Example",
        "email": email,
        "company": domain.partition(".")[0].capitalize(),
        "companyDomain": domain,
        "emailHashes": HASHES,
        "allEmailHashes": HASHES,
    }
    return {**WHOLE, **_matched(number, config, scores), **shown}


def _matched(number: int, config: Config, scores: Mapping[str, int]) -> dict[str, Any]:
    first_name, _, seniority, title = PEOPLE[number % len(PEOPLE)]
    topic = config["topicIds"][number % len(config["topicIds"])]
    matched = sorted(set(config["topicIds"]))
    return {
        "intentScore": max(scores["minScore"], scores["maxScore"] - 4 * number),
        "topicId": topic,
        "topicName": next((each["name"] for each in topics.named([topic])), None),
        "matchedTopicIds": matched,
        "topicOverlap": len(matched),
        "firstName": first_name,
        "jobTitle": title,
        "seniority": seniority,
    }
