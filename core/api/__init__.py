"""The shape of the API: the envelope, strict input, pages, the base viewset and the one error handler."""
