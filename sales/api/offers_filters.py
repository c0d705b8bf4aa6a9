import django_filters

from core.api import filters
from sales.models import Coupon, PriceLevel, PriceRule, Promotion, PromotionKind


class PriceRuleFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name",))
    product = filters.IdFilter(field_name="product_id")
    pack = filters.IdFilter(field_name="pack_id")
    customer_group = filters.IdFilter(field_name="customer_group_id")
    storefront = filters.IdFilter(field_name="storefront_id")
    price_level = django_filters.ChoiceFilter(choices=PriceLevel.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = PriceRule
        fields: list[str] = []


class CouponFilter(django_filters.FilterSet):
    code = django_filters.CharFilter(lookup_expr="iexact")
    storefront = filters.IdFilter(field_name="storefront_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Coupon
        fields: list[str] = []


class PromotionFilter(django_filters.FilterSet):
    search = filters.SearchFilter(fields=("name",))
    kind = django_filters.ChoiceFilter(choices=PromotionKind.choices)
    storefront = filters.IdFilter(field_name="storefront_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Promotion
        fields: list[str] = []
