"""The ground: errors, amounts, tenancy, the shape of the API. It knows no business."""
