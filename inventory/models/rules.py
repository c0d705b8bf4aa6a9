"""Checks that many tables have."""

from django.db import models


def not_negative(field: str, name: str, sentence: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__gte": 0}) | models.Q(**{f"{field}__isnull": True}),
        name=name,
        violation_error_code="negative_amount",
        violation_error_message=sentence,
    )


def positive(field: str, name: str, sentence: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__gt": 0}),
        name=name,
        violation_error_code="nothing_to_move",
        violation_error_message=sentence,
    )
