"""doctor: for each reason why a till cannot sign in one sentence, and nothing where it can."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.models import User
from core import vault
from system import addresses, diagnosis, probe
from system import services as system
from tests.conftest import open_shop
from tests.core.test_tenancy import connected_as_owner
from tests.server import free_port, gunicorn

TILL, API = "https://till.shop.com.gh", "https://api.shop.com.gh"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def production(settings):
    """Settings with which a till on `TILL` can sign in at `API`."""
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["api.shop.com.gh"]
    allow(settings, TILL)
    with_cookies(settings, "Lax", is_secure=True)
    settings.SECURE_SSL_REDIRECT = True
    settings.SECRET_KEY = "a1B2c3D4e5" * 6
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.TILL_URL = TILL
    return settings


def allow(settings, *origins):
    settings.TILL_ORIGINS = settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = list(origins)
    settings.CORS_ALLOW_ALL_ORIGINS = False


def with_cookies(settings, same_site, *, is_secure):
    settings.CROSS_SITE_COOKIES = same_site == "None"
    settings.SESSION_COOKIE_SAMESITE = settings.CSRF_COOKIE_SAMESITE = same_site
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = is_secure


def judged(origin=TILL, api=API):
    return diagnosis.judge_settings(origin=origin, api=api)


# --- Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", [API, None])
def test_where_all_is_well_nothing_is_said(production, api):
    assert judged(api=api) == []


def test_the_settings_of_development_let_the_tills_page_of_development_in(settings):
    settings.DEBUG = True
    allow(settings, "http://localhost:5173")
    with_cookies(settings, "Lax", is_secure=False)
    settings.SECURE_SSL_REDIRECT = False
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    settings.SECRET_KEY = "a1B2c3D4e5" * 6
    for api in ("http://localhost:8000", None):
        assert judged("http://localhost:5173", api) == []
    (other_site,) = judged("http://localhost:5173", "http://127.0.0.1:8000")
    assert "set CROSS_SITE_COOKIES=true" in other_site
    with_cookies(settings, "None", is_secure=True)
    for api in ("http://127.0.0.1:8000", "http://[::1]:8000"):
        assert judged("http://localhost:5173", api) == []


def test_an_origin_that_is_not_listed_is_to_be_added(production):
    assert judged("https://shop.com.gh") == [
        "The origin https://shop.com.gh is not in TILL_ORIGINS:"
        " set TILL_ORIGINS=https://till.shop.com.gh,https://shop.com.gh."
    ]
    allow(production)
    assert judged() == [f"The origin {TILL} is not in TILL_ORIGINS: set TILL_ORIGINS={TILL}."]


@pytest.mark.parametrize(
    ("listed", "change"),
    [
        (TILL + "/", "write it just so"),
        (TILL + "/login", "write it just so"),
        (TILL + ":443", "write it just so"),
        ("https://Till.Shop.com.gh", "write it just so"),
        ("till.shop.com.gh", "write it just so"),
        ("http://till.shop.com.gh", "the scheme is another one"),
        (TILL + ":8443", "the port is another one"),
    ],
)
def test_an_origin_that_is_nearly_listed_is_shown_beside_what_is(production, listed, change):
    allow(production, "https://other.example", listed)
    (sentence,) = judged()
    assert sentence.startswith(f"TILL_ORIGINS has {listed}, but the browser says {TILL}: {change}")


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS"])
def test_a_list_that_was_parted_from_till_origins_is_named(production, name):
    setattr(production, name, [])
    (sentence,) = judged()
    assert sentence.startswith(f"{name} lacks {TILL}")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CORS_ALLOW_ALL_ORIGINS", True), ("CORS_ALLOWED_ORIGIN_REGEXES", [".*"]), ("CORS_ALLOWED_ORIGINS", ["*", TILL])],
)
def test_a_wildcard_is_not_let_pass(production, name, value):
    setattr(production, name, value)
    (sentence,) = judged()
    assert "without wildcards" in sentence


def test_cors_without_credentials_or_our_headers_is_named(production):
    production.CORS_ALLOW_CREDENTIALS = False
    production.CORS_ALLOW_HEADERS = ["content-type"]
    credentials, headers = judged()
    assert "CORS_ALLOW_CREDENTIALS" in credentials
    assert "authorization, idempotency-key, x-csrftoken" in headers


@pytest.mark.parametrize(
    ("till", "api", "is_same"),
    [
        ("https://till.shop.com.gh", "https://shop.com.gh", True),
        ("https://till.shop.com.gh", "https://api.other.com.gh", False),
        ("https://till.makola.com", "https://api.makola.com", True),
        ("https://till.makola.com", "https://api.example.com", False),
        ("https://till.makola.com", "http://till.makola.com", False),
        ("http://localhost:5173", "http://localhost:8000", True),
        ("http://localhost:5173", "http://127.0.0.1:8000", False),
        ("http://10.0.0.7:5173", "http://10.0.0.7:8000", True),
        ("http://10.0.0.7:5173", "http://11.0.0.7:8000", False),
        ("http://[::1]:5173", "http://[::1]:8000", True),
    ],
)
def test_what_is_one_site_to_a_browser(till, api, is_same):
    assert addresses.is_same_site(till, api) is is_same


@pytest.mark.parametrize("api", ["https://api.example.com", None])
def test_a_till_on_another_site_needs_cross_site_cookies(production, api):
    production.ALLOWED_HOSTS = ["api.example.com"]
    (sentence,) = judged(api=api)
    assert sentence.startswith(f"{TILL} is another site than the API's https://api.example.com")
    assert "set CROSS_SITE_COOKIES=true" in sentence
    with_cookies(production, "None", is_secure=True)
    assert judged(api=api) == []


def test_cross_site_cookies_that_are_not_secure_are_dropped(production):
    with_cookies(production, "None", is_secure=False)
    (sentence,) = judged()
    assert "not Secure" in sentence


def test_secure_cookies_over_plain_http_are_dropped_but_not_on_this_machine(production):
    production.ALLOWED_HOSTS, production.SECURE_SSL_REDIRECT = ["10.0.0.7", "127.0.0.1"], False
    allow(production, "http://10.0.0.7:5173", "http://127.0.0.1:5173")
    (sentence,) = judged("http://10.0.0.7:5173", "http://10.0.0.7:8000")
    assert sentence.startswith("The cookies are Secure, so browsers drop those that come from http://10.0.0.7:8000")
    assert judged("http://127.0.0.1:5173", "http://127.0.0.1:8000") == []


def test_a_page_on_https_may_not_call_plain_http_and_no_preflight_is_sent_on_to_https(production):
    with_cookies(production, "None", is_secure=True)
    assert any(
        f"A page on {TILL} may not call http://api.shop.com.gh" in each for each in judged(api="http://api.shop.com.gh")
    )
    allow(production, "http://till.shop.com.gh")
    found = judged("http://till.shop.com.gh", "http://api.shop.com.gh")
    assert any("SECURE_SSL_REDIRECT sends http://api.shop.com.gh on to https" in each for each in found)


@pytest.mark.parametrize(
    ("hosts", "is_allowed"),
    [(["api.shop.com.gh"], True), ([".shop.com.gh"], True), (["*"], True), (["shop.com.gh"], False), ([], False)],
)
def test_the_apis_host_has_to_be_allowed(production, hosts, is_allowed):
    production.ALLOWED_HOSTS = hosts
    wanted = [] if is_allowed else ["ALLOWED_HOSTS lacks api.shop.com.gh, where the till looks for the API: add it."]
    assert judged() == wanted


def test_in_production_some_host_has_to_be_one_that_others_can_reach(production):
    production.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert any(each.startswith("ALLOWED_HOSTS has no name") for each in judged(api=None))


@pytest.mark.parametrize("key", ["short", "a" * 60, "django-insecure-" + "a1B2c3D4e5" * 5])
def test_a_weak_secret_is_named_but_not_told(production, key):
    production.SECRET_KEY = key
    (sentence,) = judged()
    assert "SECRET_KEY could be guessed" in sentence
    assert key not in sentence


@pytest.mark.parametrize("backend", ["console", "dummy", "locmem", "filebased"])
def test_in_production_mail_has_to_go_to_somebody(production, backend):
    production.MAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    (sentence,) = judged()
    assert f"Mails go to the {backend} and to nobody" in sentence
    production.DEBUG = True
    assert judged() == []


def test_in_production_the_links_in_mails_have_to_lead_somewhere(production):
    production.TILL_URL = ""
    (sentence,) = judged()
    assert "set TILL_URL" in sentence


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://till.example/", "https://till.example"),
        ("HTTPS://Till.Example:443/login?x=1", "https://till.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
        ("till.example", None),
        ("ftp://till.example", None),
        ("https://", None),
        ("https://till.example:port", None),
        ("null", None),
    ],
)
def test_an_origin_is_read_as_a_browser_would_say_it(address, origin):
    assert addresses.read_origin(address) == origin


# --- The database -----------------------------------------------------------------------------------------------------


@contextmanager
def connected_to(**facts):
    """The web process, with something wrong in how it connects."""
    theirs = connections["default"].settings_dict
    kept = {name: theirs[name] for name in facts}
    connections["default"].close()
    theirs.update(facts)
    try:
        yield
    finally:
        connections["default"].close()
        theirs.update(kept)


def test_a_database_in_order_gives_no_reason(committed):
    assert diagnosis.examine_database() == []


def test_what_nobody_can_open_any_more_is_counted(committed, settings):
    shop = open_shop("Ama Provisions")
    with shop.inside():
        system.change_integration(by=shop.owner, provider="AI", keys={"api_key": "a" * 20})
        User.across_accounts.filter(pk=shop.owner.user_id).update(totp_key=vault.seal("00"))
    assert diagnosis.examine_database() == []
    settings.SEALING_KEYS = ["another"]
    (sentence,) = diagnosis.examine_database()
    assert sentence.startswith("2 of the second factors and keys to providers were sealed under a key that")


def test_a_database_that_does_not_answer_is_named_without_the_password(committed):
    with connected_to(PASSWORD="not-the-password"):
        (sentence,) = diagnosis.examine_database()
    assert sentence.startswith("The database does not answer: check DATABASE_URL and MAKOLA_APP_PASSWORD (")
    assert "not-the-password" not in sentence


def test_a_role_that_is_not_bound_is_named(committed):
    with connected_as_owner():
        found = diagnosis.examine_database()
    assert "The web's role bypasses row-level security: run manage.py provision." in found


def test_migrations_to_come_are_counted(committed):
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sales' RETURNING app, name, applied")
        rows = cursor.fetchall()
        try:
            found = diagnosis.examine_database()
        finally:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows)
    assert found == [f"{len(rows)} migrations are not applied: run manage.py migrate --database owner."]
    assert diagnosis.examine_database() == []


@pytest.mark.parametrize(("seconds", "side"), [(31, "ahead of"), (-31, "behind")])
def test_a_clock_that_is_half_a_minute_wrong_is_named(seconds, side):
    (sentence,) = diagnosis.judge_clock(NOW + timedelta(seconds=seconds), theirs=NOW)
    assert sentence.startswith(f"This machine's clock is 31 seconds {side} the database's")
    assert list(diagnosis.judge_clock(NOW + timedelta(seconds=seconds) * 30 / 31, theirs=NOW)) == []


# --- The API that runs ------------------------------------------------------------------------------------------------

PAGE = "http://localhost:5173"


def test_s02_the_api_that_runs_lets_a_till_of_the_same_site_in(committed):
    """S02."""
    with gunicorn(TILL_ORIGINS=PAGE, DEBUG="true") as url:
        here = url.replace("127.0.0.1", "localhost")
        assert probe.examine_api(origin=PAGE, api=here) == []
        assert probe.examine_api(origin="http://evil.example", api=url) == [
            f"The API that runs at {url} does not let http://evil.example in:"
            " set its TILL_ORIGINS, and start it again.",
            f"The cookies of the API that runs at {url} do not come along from http://evil.example, another site:"
            " set its CROSS_SITE_COOKIES=true, and start it again.",
        ]
        (other_site,) = probe.examine_api(origin=PAGE, api=url)
        assert "do not come along from http://localhost:5173, another site" in other_site


def test_s02_the_api_that_runs_lets_a_till_of_another_site_in_with_cross_site_cookies(committed):
    """S02."""
    with gunicorn(TILL_ORIGINS=PAGE, DEBUG="true", CROSS_SITE_COOKIES="true") as url:
        assert probe.examine_api(origin=PAGE, api=url) == []


def test_secure_cookies_alone_do_not_come_along_from_another_site(committed):
    with gunicorn(TILL_ORIGINS=PAGE, DEBUG="false", MAKOLA_EMBEDDED="true", SECURE_SSL_REDIRECT="false") as url:
        (sentence,) = probe.examine_api(origin=PAGE, api=url)
        assert "set its CROSS_SITE_COOKIES=true" in sentence
        assert probe.examine_api(origin=PAGE, api=url.replace("127.0.0.1", "localhost")) == []


def test_an_api_that_sends_on_to_https_is_found_out(committed):
    with gunicorn(TILL_ORIGINS=PAGE, DEBUG="true", SECURE_SSL_REDIRECT="true") as url:
        (sentence,) = probe.examine_api(origin=PAGE, api=url)
    assert sentence.startswith(f"The API at {url} sends on to {url.replace('http:', 'https:')}/api/v1/")


def test_an_api_that_does_not_know_its_own_name_is_found_out(committed):
    with gunicorn(TILL_ORIGINS=PAGE, DEBUG="true", ALLOWED_HOSTS="api.example") as url:
        assert probe.examine_api(origin=PAGE, api=url) == [
            f"The API at {url} refuses the request: add 127.0.0.1 to its ALLOWED_HOSTS."
        ]


def test_where_nothing_answers_that_is_the_reason():
    api = f"http://127.0.0.1:{free_port()}"
    (sentence,) = probe.examine_api(origin=PAGE, api=api)
    assert sentence.startswith(f"Nothing answers at {api} (")


# --- The command ------------------------------------------------------------------------------------------------------


def doctor(*options):
    out = StringIO()
    try:
        call_command("doctor", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_the_doctor_says_that_all_is_well_and_exits_with_zero(committed, production):
    assert doctor("--origin", TILL + "/") == (0, "All is well.\n")


def test_the_doctor_says_each_reason_in_a_line_and_exits_with_one(committed, production):
    production.SECRET_KEY = "short"
    allow(production)
    api = f"http://127.0.0.1:{free_port()}"
    code, text = doctor("--origin", TILL, "--api", api)
    assert code == 1
    beginnings = ["The origin", "ALLOWED_HOSTS", "https://till", "SECRET_KEY", "Nothing answers"]
    assert [line.startswith(wanted) for line, wanted in zip(text.splitlines(), beginnings, strict=True)] == [True] * 5


@pytest.mark.parametrize("option", ["--origin", "--api"])
def test_the_doctor_refuses_what_is_no_address(option):
    options = {"--origin": TILL, "--api": API} | {option: "till.example"}
    with pytest.raises(CommandError, match=f"{option} till.example is no address"):
        call_command("doctor", *[word for pair in options.items() for word in pair], stdout=StringIO())
