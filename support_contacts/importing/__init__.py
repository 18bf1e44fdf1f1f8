"""Reading what Microsoft's APIs answered, and bringing it onto record.

bytes → `reading` (cleaned items) → `shapes` (which of Microsoft's shapes) → `records` (typed members) → `merging`
(all files of a call as one) → `resellers`, `customers`, `grants`, `subscriptions`, `contacts`, `profile` (applying).
Nothing here opens a transaction of its own: `support_contacts.operations.importing` does.
"""
