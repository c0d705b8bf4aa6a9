"""Receipts: what the documents that have one are asked for."""

import base64
from io import BytesIO
from typing import Any, ClassVar

from django.http import FileResponse, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.roles import Capability
from core.api import fields
from core.api.requests import AccountRequest
from core.api.serializers import Serializer
from core.api.views import AccountViewSet
from sales import services
from sales.api.serializers import LineTaxSerializer, RefundSerializer, SaleSerializer
from sales.models import ReceiptFormat
from sales.receipts import content, escpos, page, pdf
from sales.receipts.content import Receipt


class FiscalSerializer(Serializer):
    state = fields.TextField()
    number = fields.TextField()
    code = fields.TextField()
    last_error = fields.TextField()


class ReceiptSerializer(Serializer):
    """What is printed: the business, the place, the sale or the refund, and each levy over all lines."""

    business_name = fields.TextField()
    header = serializers.ListField(child=fields.TextField())
    footer = serializers.ListField(child=fields.TextField())
    storefront_name = fields.TextField()
    cashier_name = fields.TextField()
    customer_name = fields.TextField(allow_null=True)
    receipt_number = fields.TextField(source="number")
    marks = serializers.ListField(child=fields.TextField())
    taxes = LineTaxSerializer(many=True)
    fiscal = FiscalSerializer(allow_null=True)
    link = fields.TextField()
    print_count = fields.IntegerField()


class SaleReceiptSerializer(ReceiptSerializer):
    sold_at_local = fields.TextField(source="local_time")
    sale = SaleSerializer(source="document")


class RefundReceiptSerializer(ReceiptSerializer):
    refunded_at_local = fields.TextField(source="local_time")
    refund = RefundSerializer(source="document")


class ColumnsInput(Serializer):
    columns = serializers.ChoiceField(choices=[escpos.WIDE, escpos.NARROW], required=False)


class PrintInput(ColumnsInput):
    format = serializers.ChoiceField(choices=ReceiptFormat.choices)


class PrintSerializer(Serializer):
    """A print, the receipt as data, and its bytes in base64; of JSON there are none."""

    number = fields.IntegerField(source="row.number")
    is_copy = fields.BooleanField(source="row.is_copy")
    format = fields.TextField(source="row.format")
    printed_at = fields.MomentField(source="row.printed_at")
    content_type = fields.TextField()
    content = serializers.SerializerMethodField()

    def get_content(self, printed: Any) -> str:
        return base64.b64encode(printed.content).decode()


class SalePrintSerializer(PrintSerializer):
    receipt = SaleReceiptSerializer()


class RefundPrintSerializer(PrintSerializer):
    receipt = RefundReceiptSerializer()


class ReceiptViewSet(AccountViewSet):
    """Documents that have a receipt. Whoever only looks at one sees a copy; to print it is a write of its own."""

    module = "sales"
    feature = "sales"
    exactly_once = True
    receipt_class: ClassVar[type[BaseSerializer[Any]]]
    print_class: ClassVar[type[BaseSerializer[Any]]]

    @property
    def is_about_receipt(self) -> bool:
        return self.action == "prints" or self.action.startswith("receipt")

    def copy(self) -> Receipt:
        return content.write_receipt(self.request.account, self.get_object(), is_copy=True)

    @action(detail=True)
    def receipt(self, request: AccountRequest, pk: str) -> Response:
        """The receipt as data, for a till that prints it itself, and how often it was printed."""
        receipt = content.write_receipt(request.account, self.get_object(), is_copy=False)
        return self.show(receipt, shown_by=self.receipt_class)

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    @action(detail=True, url_path="receipt/html", url_name="receipt-page")
    def receipt_page(self, request: AccountRequest, pk: str) -> HttpResponse:
        """A copy of the receipt as a page, 80 mm wide."""
        return HttpResponse(page.render(self.copy(), nonce=str(request._request.csp_nonce)))  # type: ignore[attr-defined]

    @extend_schema(responses={(200, pdf.CONTENT_TYPE): OpenApiTypes.BINARY})
    @action(detail=True, url_path="receipt/pdf", url_name="receipt-pdf")
    def receipt_pdf(self, request: AccountRequest, pk: str) -> FileResponse:
        """A copy of the receipt as a PDF, 80 mm wide."""
        receipt = self.copy()
        return _file(pdf.render(receipt), f"{receipt.number}.pdf", pdf.CONTENT_TYPE)

    @extend_schema(responses={(200, escpos.CONTENT_TYPE): OpenApiTypes.BINARY})
    @action(detail=True, url_path="receipt/escpos", url_name="receipt-escpos", asks=ColumnsInput)
    def receipt_escpos(self, request: AccountRequest, pk: str) -> FileResponse:
        """A copy of the receipt as bytes for a thermal printer, 42 letters wide unless told."""
        receipt = self.copy()
        return _file(escpos.render(receipt, **self.asked()), f"{receipt.number}.bin", escpos.CONTENT_TYPE)

    @action(detail=True, methods=["post"], write_capability=Capability.SALE_COMPLETE)
    def prints(self, request: AccountRequest, pk: str) -> Response:
        """Note that the receipt is printed, and get what is to be printed: once the original, and then copies."""
        return self.act(
            services.print_receipt,
            document=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=self.print_class,
        )


def _file(drawn: bytes, name: str, content_type: str) -> FileResponse:
    """The bytes, never to be shown as a page of ours."""
    response = FileResponse(BytesIO(drawn), filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    return response
