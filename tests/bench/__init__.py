"""`make bench`: what each hot endpoint costs, beside its budget and beside what it could not possibly go below."""
