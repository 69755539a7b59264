"""What the columns of an order file can mean, in the words of its owner. One row per field of the reader."""

from __future__ import annotations

FIELD_WORDS = {
    "customer_id": "Customer: who bought",
    "ordered_at": "Time of the order",
    "amount": "Amount of the order",
    "order_id": "Order number",
    "line_amount": "Amount of the order line",
    "quantity": "Quantity",
    "price": "Price of one piece",
    "discount": "Discount",
    "refunded": "Amount refunded",
    "tax": "Tax",
    "shipping": "Shipping",
    "cost": "Cost of the goods",
    "unit_cost": "Cost of one piece",
    "profit": "Profit: amount less cost",
    "currency": "Currency",
    "status": "Status",
    "cancelled_at": "Time of cancellation",
    "test": "Test order or not",
    "channel": "Channel",
    "campaign": "Campaign",
    "coupon": "Coupon",
    "payment_method": "Payment method",
    "delivery_method": "Delivery method",
    "country": "Country",
    "category": "Category of the product",
    "product_id": "Product number",
    "product": "Product name",
    "consent": "Agreed to letters",
}
CORE = ("customer_id", "ordered_at", "amount", "order_id")
