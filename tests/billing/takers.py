"""What is paid for in the tests of billing: the money is told to the history, and that is all."""

from accounts import services as accounts

TAKEN = "test.taken"


def take(*, by, attempt):
    accounts.record(by=by, action=TAKEN, subject=attempt, after={"state": attempt.state})


def keep(*, account, gateway, reference, finding):
    """Money that nobody asked for, once; there is nobody who acts."""
    if account.audit_events.filter(action="test.kept", after__reference=reference).exists():
        return
    account.audit_events.create(
        action="test.kept",
        subject=gateway,
        subject_id=account.pk,
        after={"reference": reference, "amount": str(finding.amount), "phone": finding.payer_phone},
    )
