"""What was sent and never asked for goes after a day; what a document or a task has stays."""

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections
from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import services as inventory
from system import services as system
from system.models import PrivateFile, Task
from system.services import files
from tests.conftest import open_shop
from tests.inventory.adjusting import adjusted
from tests.uploads import JPEG, PDF, form, kept, part, post

pytestmark = pytest.mark.usefixtures("committed")
DAY = timedelta(days=1)


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions", prices=("10.00",))


def age(*ids, by=DAY):
    PrivateFile.across_accounts.using("staff").filter(pk__in=ids).update(created_at=timezone.now() - by)


def names(files_dir):
    return {path.name for path in files_dir.rglob("*") if path.is_file()}


def lying(files_dir, folder, *, name, age):
    """Bytes of which no row tells, so old."""
    path = files_dir / str(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(JPEG)
    then = (timezone.now() - age).timestamp()
    os.utime(path, (then, then))


def attach(shop, document, file):
    with shop.inside():
        locked = shop.account.adjustments.locked().get(pk=document["id"])
        return inventory.attach_file(by=shop.owner, document=locked, file=file)


def test_what_nobody_asked_for_within_a_day_goes_with_its_bytes_in_every_account(shop, files_dir):
    other = open_shop("Stranger Stores", prices=("10.00",))
    gone = [kept(place)["id"] for place in (shop, other)]
    stays = [kept(place)["id"] for place in (shop, other)]
    age(*gone)
    age(*stays, by=DAY - timedelta(minutes=1))
    assert system.remove_unused_files(now=timezone.now()) == 2
    assert names(files_dir) == set(stays)
    left = PrivateFile.across_accounts.using("staff").values_list("pk", flat=True)
    assert {str(pk) for pk in left} == set(stays)
    assert system.remove_unused_files(now=timezone.now()) == 0


def test_what_is_attached_or_a_tasks_stays_however_old_it_is(shop, files_dir):
    attached, source, made = (kept(shop)["id"] for _ in range(3))
    attach(shop, adjusted(shop, "DAMAGE", "1"), attached)
    with shop.inside():
        Task(account=shop.account, kind="x", by=shop.owner, source_id=source, file_id=made).save(force_insert=True)
    age(attached, source, made, by=1000 * DAY)
    assert system.remove_unused_files(now=timezone.now()) == 0
    assert names(files_dir) == {attached, source, made}


def test_an_id_that_two_businesses_have_is_two_files(shop, files_dir):
    other, twin = open_shop("Stranger Stores", prices=("10.00",)), str(uuid7())
    for place in (shop, other):
        body = form(part(PDF), part(twin.encode(), 'name="id"'))
        assert post(place.client(), body).json()["data"]["id"] == twin
    attach(other, adjusted(other, "DAMAGE", "1"), twin)
    age(twin)
    assert system.remove_unused_files(now=timezone.now()) == 1
    assert [row.account_id for row in PrivateFile.across_accounts.using("staff").filter(pk=twin)] == [other.id]
    assert [path.parent.name for path in files_dir.rglob(twin)] == [str(other.id)]


def test_bytes_of_which_no_row_tells_go_after_a_day_and_those_of_other_databases_never(shop, files_dir):
    told = kept(shop)["id"]
    lying(files_dir, shop.id, name="gone", age=DAY)
    lying(files_dir, shop.id, name="new", age=DAY - timedelta(minutes=1))
    lying(files_dir, uuid7(), name="theirs", age=9 * DAY)
    lying(files_dir, shop.id, name=told, age=timedelta(hours=23))
    assert system.remove_unused_files(now=timezone.now()) == 1
    assert names(files_dir) == {told, "new", "theirs"}
    age(told, by=timedelta(0))
    os.utime(files_dir / str(shop.id) / told, (0, 0))
    assert system.remove_unused_files(now=timezone.now()) == 0


def attached_meanwhile(shop):
    """A file of a day ago, which is attached at the moment when the first look has found it unused."""
    file, document, calls = kept(shop)["id"], adjusted(shop, "DAMAGE", "1"), []
    age(file)

    def attach_first(execute, sql, params, many, context):
        if "FOR UPDATE" in sql and not calls:
            calls.append(attach(shop, document, file))
        return execute(sql, params, many, context)

    return file, connections["staff"].execute_wrapper(attach_first)


def test_a_file_that_is_attached_while_it_is_about_to_go_stays(shop, files_dir):
    file, meanwhile = attached_meanwhile(shop)
    with meanwhile:
        assert system.remove_unused_files(now=timezone.now()) == 0
    with shop.inside():
        assert shop.account.attachments.count() == 1
    assert names(files_dir) == {file}


def test_without_asking_again_the_database_would_have_to_refuse(shop, files_dir, monkeypatch):
    """The control."""
    file, meanwhile = attached_meanwhile(shop)
    monkeypatch.setattr(files, "_unused", lambda rows, before: rows)
    with meanwhile, pytest.raises(IntegrityError):
        system.remove_unused_files(now=timezone.now())
    assert names(files_dir) == {file}


def test_a_file_that_somebody_is_about_to_attach_is_left_for_the_next_time(shop, files_dir):
    file = kept(shop)["id"]
    age(file)
    with shop.inside():
        assert shop.account.private_files.locked().get(pk=file)
        assert system.remove_unused_files(now=timezone.now()) == 0
    assert system.remove_unused_files(now=timezone.now()) == 1
    assert names(files_dir) == set()


def test_prune_says_how_many(shop, files_dir):
    age(kept(shop)["id"])
    out = StringIO()
    call_command("prune", stdout=out)
    assert out.getvalue().splitlines()[-1] == "Removed files that nothing needs: 1."
    assert names(files_dir) == set()
