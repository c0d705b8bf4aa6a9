import json
import urllib.request

from tests.conftest import open_shop


def test_a_real_server_answers_a_signed_in_member_with_her_own_rows(server):
    shop = open_shop("Ama Provisions")
    bearer = shop.client()._credentials["HTTP_AUTHORIZATION"]
    request = urllib.request.Request(
        f"{server}/inventory/api/stock-products/?page=1&page_size=25", headers={"Authorization": bearer}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.load(response)["count"] == len(shop.products)
