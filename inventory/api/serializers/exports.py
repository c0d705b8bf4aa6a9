from rest_framework.serializers import ChoiceField

from core.api import fields
from core.api.serializers import Serializer
from core.sheets import WRITERS
from inventory.exports import Export
from inventory.labels import LabelLayout

MOST_LINES = 1000


class ExportInput(Serializer):
    """`location` for stock and movements, the days for movements alone; both days count."""

    what = ChoiceField(Export.choices)
    format = ChoiceField(list(WRITERS))
    location = fields.IdField(required=False, allow_null=True)
    first_on = fields.DateField(required=False, allow_null=True)
    last_on = fields.DateField(required=False, allow_null=True)


class LabelLineInput(Serializer):
    """So many labels of a product, or of one of its packs."""

    product = fields.IdField()
    pack = fields.IdField(required=False, allow_null=True)
    copies = fields.IntegerField(min_value=1, max_value=MOST_LINES)


class LabelsInput(Serializer):
    lines = fields.BoundedList(child=LabelLineInput(), min_length=1, max_length=MOST_LINES)
    layout = ChoiceField(LabelLayout.choices)
    with_price = fields.BooleanField(required=False)
