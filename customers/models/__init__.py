"""Customers, each partner's own view of them, and the admin rights they have granted."""

from customers.models.ask import Ask
from customers.models.customer import Customer
from customers.models.delegated_admin import DelegatedAdmin, active_grant
from customers.models.relationship import CustomerRelationship, CustomerWord

__all__ = ["Ask", "Customer", "CustomerRelationship", "CustomerWord", "DelegatedAdmin", "active_grant"]
