"""Phone numbers as the networks want them."""

# Calling code, and what stands before a number at home and falls away abroad.
_ABROAD = {
    "BF": ("226", ""),
    "BJ": ("229", ""),
    "CI": ("225", ""),
    "CM": ("237", ""),
    "GH": ("233", "0"),
    "GM": ("220", ""),
    "GN": ("224", ""),
    "LR": ("231", "0"),
    "ML": ("223", ""),
    "NE": ("227", ""),
    "NG": ("234", "0"),
    "RW": ("250", "0"),
    "SL": ("232", "0"),
    "SN": ("221", ""),
    "TG": ("228", ""),
    "UG": ("256", "0"),
}
_LEAST_ABROAD = 11  # digits of a number that bears its calling code


def international(phone: str, country: str) -> str:
    """The digits of a number with its calling code: 0244 123456 in Ghana is 233244123456."""
    if phone.startswith("+"):
        return phone[1:]
    if phone.startswith("00"):
        return phone[2:]
    code, at_home = _ABROAD.get(country, ("", ""))
    if code and phone.startswith(code) and len(phone) >= _LEAST_ABROAD:
        return phone
    return code + phone.removeprefix(at_home)
