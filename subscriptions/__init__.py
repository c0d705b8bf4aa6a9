"""What a business pays for, and what that lets it do."""
