"""What operators do at the console: by services, in a seat of their own, on the record of the business."""

from functools import partial
from threading import Barrier

import pytest
from django.urls import reverse

from accounts import services
from accounts.models import Invitation, Membership, Session, SessionKind, User
from accounts.roles import Role
from subscriptions.models import Subscription, SubscriptionPlan
from tests.conftest import PASSWORD, open_shop
from tests.console import hire, told
from tests.races import at_once, meeting_before, without

pytestmark = pytest.mark.usefixtures("committed")

SEATS, OFFERS, PEOPLE = (f"admin:accounts_{name}" for name in ("membership", "invitation", "user"))
ELSEWHERE = "This person already belongs to a business."


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


@pytest.fixture
def operator(committed):
    return hire(Role.OPERATOR).client()


@pytest.fixture
def support(committed):
    return hire(Role.SUPPORT).client()


def change(client, member, **data):
    return client.post(reverse(f"{SEATS}_change", args=[member.pk]), data, follow=True)


def act(client, page, action, *rows):
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(reverse(f"{page}_changelist"), data, follow=True)


def fresh(row):
    return type(row)._default_manager.using("staff").get(pk=row.pk)


def history(shop):
    """What staff did, as the business can read it; that they looked, test_admin_looks.py shows."""
    with shop.inside():
        events = shop.account.audit_events.filter(by__staff__isnull=False).order_by("id").select_related("by")
        said = [(event.action, event.by.name, event.before, event.after) for event in events]
        return [line for line in said if line[3].get("method") != "GET"]


def orphan(shop, email="yaa@example.com"):
    """A person who is registered with the business, and has no seat in it."""
    with shop.inside():
        user = User(account=shop.account, email=email, name="Yaa")
        user.set_password("a-long-password")
        user.save()
    return user


# --- Roles and seats --------------------------------------------------------------------------------------------------


def test_an_operator_changes_a_role_and_the_business_can_read_who_it_was(shop, operator):
    response = change(operator, shop.cashier, role="MANAGER")
    assert response.status_code == 200
    assert (fresh(shop.cashier).role, fresh(shop.cashier).version) == ("MANAGER", 2)
    came, did = history(shop)
    path = reverse(f"{SEATS}_change", args=[shop.cashier.pk])
    assert came == ("staff.requested", "Akua (Makola)", {}, {"method": "POST", "path": path})
    assert did == ("membership.changed", "Akua (Makola)", {"role": "CASHIER"}, {"role": "MANAGER"})


def test_nothing_but_the_role_is_taken_from_the_form(shop, operator):
    change(operator, shop.cashier, role="MANAGER", name="Somebody", is_active="", user="", pin="1", account="x")
    after = fresh(shop.cashier)
    assert (after.name, after.is_active, after.user_id) == (shop.cashier.name, True, shop.cashier.user_id)
    assert (after.account_id, after.pin) == (shop.id, "")


def test_support_changes_nothing(shop, support):
    response = change(support, shop.cashier, role="MANAGER")
    assert (response.status_code, response.json()["code"]) == (403, "capability_missing")
    for page, action, row in (
        (SEATS, "deactivate", shop.cashier),
        (PEOPLE, "end_sessions", shop.cashier.user),
        (PEOPLE, "take_mfa", shop.cashier.user),
    ):
        assert act(support, page, action, row).status_code == 200
    assert support.post(reverse(f"{OFFERS}_add"), {}).status_code == 403
    assert support.post(reverse(f"{SEATS}_add"), {}).status_code == 403
    assert (fresh(shop.cashier).role, fresh(shop.cashier).is_active) == ("CASHIER", True)
    assert history(shop) == []


@pytest.mark.parametrize("role", ["SUPPORT", "OPERATOR", "KING", ""])
def test_a_role_of_the_platforms_own_or_of_nobodys_is_refused(shop, operator, role):
    response = change(operator, shop.cashier, role=role)
    assert response.status_code == 200
    assert told(response)
    assert fresh(shop.cashier).role == "CASHIER"
    assert history(shop) == []


def test_the_last_owner_stays_and_the_refusal_is_shown(shop, operator):
    last = "A business needs an owner: make somebody else one first."
    response = change(operator, shop.owner, role="CASHIER")
    assert told(response) == [last]
    response = act(operator, SEATS, "deactivate", shop.owner)
    assert told(response) == [f"{shop.owner.name}: {last}"]
    assert (fresh(shop.owner).role, fresh(shop.owner).is_active) == ("OWNER", True)
    # That they came, and why, is on record even so.
    assert [event[0] for event in history(shop)] == ["staff.requested"] * 2


def test_a_seat_is_closed_its_sessions_end_and_it_is_opened_again(shop, operator):
    till = shop.client(shop.cashier)
    assert till.get("/api/v1/accounts/auth/me/").status_code == 200
    assert told(act(operator, SEATS, "deactivate", shop.cashier)) == ["Done for 1."]
    assert fresh(shop.cashier).is_active is False
    assert till.get("/api/v1/accounts/auth/me/").status_code == 401
    assert told(act(operator, SEATS, "reactivate", shop.cashier)) == ["Done for 1."]
    assert fresh(shop.cashier).is_active is True
    assert "membership.changed" in [event[0] for event in history(shop)]


def test_one_refusal_among_several_does_not_stop_the_others(shop, operator):
    other = open_shop("Stranger Stores")
    response = act(operator, SEATS, "deactivate", shop.owner, shop.cashier, other.cashier)
    assert "Done for 2." in told(response)[0]
    assert [fresh(seat).is_active for seat in (shop.owner, shop.cashier, other.cashier)] == [True, False, False]
    assert history(other)[0][0] == "staff.requested"


def test_the_platforms_own_seats_and_those_of_support_are_not_changed_here(shop, operator):
    staff = Membership.across_accounts.using("staff").get(role="OPERATOR", staff=None)
    assert change(operator, shop.cashier, role="MANAGER").status_code == 200
    support_seat = Membership.across_accounts.using("staff").get(account=shop.account, staff__isnull=False)
    for seat in (staff, support_seat):
        assert change(operator, seat, role="OWNER").status_code == 403
        assert fresh(seat).role == "OPERATOR"
    assert told(act(operator, SEATS, "deactivate", staff)) == ["Akua: There is nothing here."]
    assert fresh(staff).is_active is True


# --- S03: one person, one business ------------------------------------------------------------------------------------


def test_s03_an_invitation_for_somebody_who_has_a_seat_elsewhere_is_refused_with_a_friendly_warning(shop, operator):
    """S03."""
    other = open_shop("Stranger Stores")
    data = {"business": str(shop.id), "email": f" {other.cashier.user.email.upper()} ", "role": "CASHIER"}
    response = operator.post(reverse(f"{OFFERS}_add"), data)
    errors = response.context["adminform"].form.errors.get_json_data()["__all__"]
    assert (response.status_code, errors) == (200, [{"message": ELSEWHERE, "code": "user_already_exists"}])
    assert "Stranger" not in response.content.decode()
    assert not Invitation.across_accounts.using("staff").exists()
    assert history(shop) == []


def test_s03_a_seat_for_somebody_who_has_one_elsewhere_is_refused_with_a_friendly_warning(shop, operator):
    """S03."""
    other = open_shop("Stranger Stores")
    data = {"business": str(shop.id), "email": other.cashier.user.email, "role": "CASHIER"}
    response = operator.post(reverse(f"{SEATS}_add"), data)
    errors = response.context["adminform"].form.errors.get_json_data()["__all__"]
    assert (response.status_code, errors) == (200, [{"message": ELSEWHERE, "code": "user_already_exists"}])
    assert "Stranger" not in response.content.decode()
    assert Membership.across_accounts.using("staff").filter(account=shop.account).count() == 2
    assert history(shop) == []


def seat_twice(shop, user):
    """Two operators who give the same person a seat at the same instant; what each was told. The plan has no limit:
    where seats are counted, one of them waits for the other."""
    with shop.inside():
        unlimited = SubscriptionPlan.objects.get(code="unlimited")
        Subscription.across_accounts.filter(account=shop.account).update(plan=unlimited)
    clients = [hire(Role.OPERATOR, name).client() for name in ("Akua", "Abena")]
    data = {"business": str(shop.id), "email": user.email, "role": "CASHIER"}
    both_have_looked = Barrier(2)

    def seat(client):
        with meeting_before('INSERT INTO "business_memberships"', both_have_looked):
            return " ".join(told(client.post(reverse(f"{SEATS}_add"), data, follow=True)))

    results = at_once([partial(seat, client) for client in clients])
    return sorted("was added" in result for result in results), ELSEWHERE in " ".join(results)


def seats_of(user):
    return Membership.across_accounts.using("staff").filter(user=user).count()


def test_s03_of_two_operators_who_seat_one_person_at_once_the_database_refuses_one(shop):
    """S03."""
    user = orphan(shop)
    assert seat_twice(shop, user) == ([False, True], True)
    assert seats_of(user) == 1


def test_s03_control_without_the_constraint_the_person_sits_twice(shop):
    """S03."""
    user = orphan(shop)
    with without("one_user_one_business"):
        assert seat_twice(shop, user) == ([True, True], False)
        assert seats_of(user) == 2


def test_s03_an_orphan_is_given_a_seat_and_somebody_of_another_business_is_not(shop, operator):
    """S03."""
    user, other = orphan(shop), open_shop("Stranger Stores")
    stray = orphan(other, "stray@example.com")
    add = reverse(f"{SEATS}_add")
    for email, said in (
        (stray.email, "This person is not in this business. Send an invitation."),
        ("nobody@example.com", "Nobody has this address. Send an invitation."),
    ):
        response = operator.post(add, {"business": str(shop.id), "email": email, "role": "CASHIER"})
        assert (response.status_code, said in told(response)) == (200, True), told(response)
    response = operator.post(add, {"business": str(shop.id), "email": "YAA@example.com", "role": "MANAGER"})
    assert response.status_code == 302
    seat = Membership.across_accounts.using("staff").get(user=user)
    assert (seat.account_id, seat.role, seat.name) == (shop.id, "MANAGER", "Yaa")
    assert history(shop)[-1] == ("membership.added", "Akua (Makola)", {}, {"role": "MANAGER"})


# --- Invitations ------------------------------------------------------------------------------------------------------


def test_an_invitation_is_sent_sent_again_and_revoked(shop, operator, mailoutbox):
    data = {"business": str(shop.id), "email": "yaw@example.com", "name": "Yaw", "role": "CASHIER"}
    assert "was added" in told(operator.post(reverse(f"{OFFERS}_add"), data, follow=True))[0]
    offer = Invitation.across_accounts.using("staff").get()
    assert (offer.account_id, offer.email, offer.role) == (shop.id, "yaw@example.com", "CASHIER")
    assert told(act(operator, OFFERS, "resend", offer)) == ["Done for 1."]
    assert fresh(offer).token_hash != offer.token_hash
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["yaw@example.com"], "You are invited to a business on Makola")
    ] * 2
    assert told(act(operator, OFFERS, "revoke", offer)) == ["Done for 1."]
    assert fresh(offer).revoked_at is not None
    for action in ("resend", "revoke"):
        closed = "CASHIER for yaw@example.com: This invitation was accepted or revoked already."
        assert told(act(operator, OFFERS, action, offer)) == [closed]
    assert [event[0] for event in history(shop) if event[0] != "staff.requested"] == [
        "invitation.sent",
        "invitation.sent_again",
        "invitation.revoked",
    ]


def test_what_the_service_refuses_is_shown_and_the_form_can_be_sent_again(shop, operator):
    add = reverse(f"{OFFERS}_add")
    data = {"business": str(shop.id), "email": shop.cashier.user.email, "role": "CASHIER"}
    assert told(operator.post(add, data, follow=True)) == ["This person has a seat in your business already."]
    for _ in range(2):
        response = operator.post(add, {**data, "email": "yaw@example.com"}, follow=True)
    assert told(response) == ["This person has been invited already: send it again, or revoke it."]
    assert Invitation.across_accounts.using("staff").count() == 1


def test_nobody_is_invited_to_the_platform_itself(operator):
    platform = Membership.across_accounts.using("staff").get().account_id
    data = {"business": str(platform), "email": "yaw@example.com", "role": "CASHIER"}
    for page in (OFFERS, SEATS):
        response = operator.post(reverse(f"{page}_add"), data)
        assert (response.status_code, bool(told(response))) == (200, True)
    assert not Invitation.across_accounts.using("staff").exists()


# --- Help for people --------------------------------------------------------------------------------------------------


def test_a_link_to_a_new_password_is_mailed(shop, operator, mailoutbox):
    assert told(act(operator, PEOPLE, "offer_reset", shop.cashier.user)) == ["Done for 1."]
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([shop.cashier.user.email], "A new password")
    token = mail.body.partition("token=")[2].split()[0]
    services.confirm_reset(token=token, password="another-long-password")
    assert fresh(shop.cashier.user).check_password("another-long-password")
    assert "password.reset_offered" in [event[0] for event in history(shop)]


def test_all_sessions_of_a_person_are_ended(shop, operator):
    tills = [shop.client(shop.cashier), shop.client(shop.owner)]
    assert told(act(operator, PEOPLE, "end_sessions", shop.cashier.user)) == ["Done for 1."]
    assert [till.get("/api/v1/accounts/auth/me/").status_code for till in tills] == [401, 200]
    assert ("sessions.ended", "Akua (Makola)", {}, {"count": 1}) in history(shop)


def test_a_lost_second_factor_is_removed_sessions_end_and_the_person_is_told(shop, operator, mailoutbox):
    staff = hire(Role.SUPPORT, "Abena")  # an authenticator to borrow
    with shop.inside():
        staff.address = services.begin_totp(by=shop.owner, password=PASSWORD)
        services.confirm_totp(by=shop.owner, code=staff.code())
        services.open_session(by=shop.owner, kind=SessionKind.TOKEN)
    assert fresh(shop.owner.user).has_mfa
    assert told(act(operator, PEOPLE, "take_mfa", shop.owner.user)) == ["Done for 1."]
    after = fresh(shop.owner.user)
    assert (after.has_mfa, after.totp_key, after.recovery_codes) == (False, "", "")
    assert not Session.across_accounts.using("staff").filter(user=shop.owner.user).exists()
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([shop.owner.user.email], "A second factor was added to your login"),
        ([shop.owner.user.email], "Your second factor was removed"),
    ]
    assert "mfa.removed" in [event[0] for event in history(shop)]


def test_an_orphan_has_nothing_to_be_helped_with_and_staff_are_helped_by_the_command(shop, operator):
    user, staff = orphan(shop), hire(Role.SUPPORT, "Abena")
    for action in ("offer_reset", "end_sessions", "take_mfa"):
        assert told(act(operator, PEOPLE, action, user))[0].startswith("Yaa@example.com: Nobody sits here")
        assert told(act(operator, PEOPLE, action, staff.member.user))[0].endswith(": There is nothing here.")
    assert fresh(staff.member.user).has_mfa
