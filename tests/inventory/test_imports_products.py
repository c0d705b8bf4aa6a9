from tests.inventory.importing import counts, run


def test_smoke(shop):
    t = run(
        shop,
        [
            ("sku", "name", "retail_price", "barcode", "category", "supplier"),
            ("A1", "Beer", "5.50", "", "Drinks > Beer", "Kofi"),
            ("SKU-0", "", "7", "", "", ""),
            ("SKU-1", "", "3.33", "", "", ""),
            ("A2", "x", "-1", "", "", ""),
        ],
    )
    print(t)
    assert t["result"] == counts(1, 1, 1, 1)
    assert t["state"] == "DONE"
