"""Who is asking, and for which business."""
