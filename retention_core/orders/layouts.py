"""The layouts that are known by their headers, and the fields a column can be read as. Rows of two tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from retention_core.orders import names

Kind = Literal["orders", "order_lines", "payments", "customer_keys", "customers", "events", "spend", "contracts"]
Grain = Literal["order", "line", "header"]
Role = Literal["id", "date", "money", "number", "text", "flag"]

# What a column can be read as, and how: an id is always text.
FIELDS: Mapping[str, Role] = {
    "order_id": "id",
    "customer_id": "id",
    "ordered_at": "date",
    "amount": "money",
    "line_amount": "money",
    "quantity": "number",
    "price": "money",
    "discount": "money",
    "refunded": "money",
    "tax": "money",
    "shipping": "money",
    "cost": "money",
    "unit_cost": "money",
    "profit": "money",
    "currency": "text",
    "status": "text",
    "test": "flag",
    "cancelled_at": "text",
    "channel": "text",
    "campaign": "text",
    "coupon": "text",
    "payment_method": "text",
    "delivery_method": "text",
    "country": "text",
    "category": "text",
    "product_id": "id",
    "product": "text",
    "consent": "flag",
}
# The ways in which a file can tell what the goods cost; the first of them that it has counts.
COST_FIELDS = ("cost", "unit_cost", "profit")
# Fields of the second tables: customers, events, marketing spend.
SECOND_FIELDS: Mapping[str, Role] = {
    "person_id": "id",
    "birthday": "date",
    "first_channel": "text",
    "event": "text",
    "occurred_at": "date",
    "detail": "text",
    "month": "date",
}


@dataclass(frozen=True)
class Layout:
    """One way in which a system writes orders.

    `needs`: headers that tell it from all others. `columns`: field -> headers that mean it, the first present one
    counts. `fields`: the fields that must be there, under any of their headers, where systems name them in many ways;
    `not_with`: headers with which it is something else. `grain`: a row is an order; or an order line whose money adds
    up to the order; or an order line with the order's own values on its first row or on each ("header"). `includes`:
    what the amount holds besides the goods and is taken off. `money`: how the amount of an order comes about; `note`:
    what else to know; both for people.
    """

    key: str
    title: str
    kind: Kind
    grain: Grain
    needs: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    money: str = ""
    includes: tuple[str, ...] = ()
    currency: str | None = None
    utc: bool = False
    cancellation_prefix: str | None = None
    bad_debt_prefix: str | None = None
    note: str | None = None
    fields: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """Layouts of one family tell the same orders under the same numbers: their files may overlap."""
        return self.key.removesuffix("_ii")


_ONLINE_RETAIL_MONEY = "quantity × price of the invoice's lines, carriage lines with it, as the file tells no tax apart"

_OF_LINES = ("quantity", "price", "unit_cost", "line_amount", "product_id", "product")

_ORDER_SIGNS = (
    "Order ID",
    "Order number",
    "Order date",
    "Ordered at",
    "Invoice",
    "InvoiceNo",
    "Created at",
    "Basket ID",
)

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "comeback",
        "Orders with order_id, customer_id, ordered_at and amount",
        "orders",
        "order",
        ("order_id", "customer_id", "ordered_at", "amount"),
        {name: (name,) for name in FIELDS if name not in _OF_LINES},
        "the amount column: after discounts, without tax and shipping",
    ),
    Layout(
        "shopify",
        "Shopify, Orders > Export",
        "orders",
        "header",
        ("Name", "Financial Status", "Created at", "Lineitem quantity", "Lineitem price", "Total"),
        {
            "order_id": ("Name",),
            "customer_id": ("Email",),
            "ordered_at": ("Created at",),
            "amount": ("Total",),
            "tax": ("Taxes",),
            "shipping": ("Shipping",),
            "discount": ("Discount Amount",),
            "refunded": ("Refunded Amount",),
            "currency": ("Currency",),
            "status": ("Financial Status",),
            "cancelled_at": ("Cancelled at",),
            "channel": ("Source",),
            "coupon": ("Discount Code",),
            "payment_method": ("Payment Method",),
            "delivery_method": ("Shipping Method",),
            "country": ("Billing Country", "Shipping Country"),
            "quantity": ("Lineitem quantity",),
            "price": ("Lineitem price",),
            "unit_cost": ("Lineitem cost", "Cost per item"),
            "product_id": ("Lineitem sku",),
            "product": ("Lineitem name",),
            "consent": ("Accepts Marketing", "Accepts Email Marketing"),
        },
        "Total less Taxes and Shipping",
        includes=("tax", "shipping"),
    ),
    Layout(
        "fivetran_shopify",
        "Shopify orders as Fivetran loads them",
        "orders",
        "order",
        ("order_id", "total_price", "financial_status", "created_timestamp", "_fivetran_synced"),
        {
            "order_id": ("order_id",),
            "customer_id": ("customer_id",),
            "ordered_at": ("created_timestamp",),
            "amount": ("total_price",),
            "tax": ("total_tax",),
            "shipping": ("shipping_cost",),
            "discount": ("total_discounts",),
            "refunded": ("refund_subtotal",),
            "currency": ("currency",),
            "status": ("financial_status",),
            "cancelled_at": ("cancelled_timestamp",),
            "test": ("is_test_order",),
            "channel": ("source_name",),
            "country": ("billing_address_country",),
        },
        "total_price less total_tax and shipping_cost",
        includes=("tax", "shipping"),
        utc=True,
    ),
    Layout(
        "woocommerce_analytics",
        "WooCommerce Analytics, Orders > Download",
        "orders",
        "order",
        ("Date", "Order #", "N. Revenue (formatted)", "Customer type", "Net Sales"),
        {
            "order_id": ("Order #",),
            "customer_id": ("Customer",),
            "ordered_at": ("Date",),
            "amount": ("N. Revenue (formatted)",),
            "currency": ("N. Revenue (formatted)",),
            "status": ("Status",),
            "coupon": ("Coupon(s)",),
            "channel": ("Attribution",),
        },
        "N. Revenue, which WooCommerce writes after discounts and without tax and shipping",
        note="Customers are known by name only: two people with one name count as one",
    ),
    Layout(
        "woocommerce_lines",
        "Advanced Order Export for WooCommerce, one row per item",
        "orders",
        "header",
        ("Order Number", "Order Status", "Order Date", "Item Cost", "Order Total Amount"),
        {
            "order_id": ("Order Number",),
            "customer_id": ("Email (Billing)",),
            "ordered_at": ("Order Date",),
            "amount": ("Order Total Amount",),
            "tax": ("Order Tax Amount",),
            "shipping": ("Order Shipping Amount",),
            "discount": ("Cart Discount Amount",),
            "refunded": ("Order Refund Amount",),
            "currency": ("Order Currency",),
            "status": ("Order Status",),
            "coupon": ("Coupon Code",),
            "payment_method": ("Payment Method Title",),
            "country": ("Country Code (Billing)",),
            "line_amount": ("Order Line (w/o tax)", "Order Line Total"),
            "quantity": ("Quantity",),
            "product_id": ("SKU",),
            "product": ("Name",),
        },
        "Order Total less tax and shipping, once per order",
        includes=("tax", "shipping"),
    ),
    Layout(
        "stripe",
        "Stripe, Payments > Export",
        "orders",
        "order",
        ("id", "Created (UTC)", "Amount", "Amount Refunded", "Customer ID"),
        {
            "order_id": ("id",),
            "customer_id": ("Customer ID",),
            "ordered_at": ("Created (UTC)",),
            "amount": ("Amount",),
            "refunded": ("Amount Refunded",),
            "currency": ("Currency",),
            "status": ("Status",),
            "test": ("Mode",),
        },
        "what was charged: Stripe tells no tax and shipping apart",
        utc=True,
    ),
    Layout(
        "ru_cms",
        "Russian shop system, order list",
        "orders",
        "order",
        ("Номер заказа", "Дата создания", "Статус", "Сумма заказа"),
        {
            "order_id": ("Номер заказа",),
            "customer_id": ("E-mail", "Email", "Телефон", "Покупатель"),
            "ordered_at": ("Дата создания",),
            "amount": ("Сумма заказа",),
            "refunded": ("Сумма возврата",),
            "cost": ("Себестоимость",),
            "profit": ("Прибыль",),
            "currency": ("Валюта",),
            "status": ("Статус",),
            "payment_method": ("Способ оплаты",),
            "delivery_method": ("Способ доставки",),
            "channel": ("Источник",),
            "coupon": ("Промокод",),
        },
        "Сумма заказа, delivery with it, as the file does not tell it apart",
    ),
    Layout(
        "online_retail_ii",
        "Online Retail II, invoice lines",
        "orders",
        "line",
        ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"),
        {
            "order_id": ("Invoice",),
            "customer_id": ("Customer ID",),
            "ordered_at": ("InvoiceDate",),
            "quantity": ("Quantity",),
            "price": ("Price",),
            "product_id": ("StockCode",),
            "product": ("Description",),
            "country": ("Country",),
        },
        _ONLINE_RETAIL_MONEY,
        currency="GBP",
        cancellation_prefix="C",
        bad_debt_prefix="A",
    ),
    Layout(
        "online_retail",
        "Online Retail, invoice lines",
        "orders",
        "line",
        ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"),
        {
            "order_id": ("InvoiceNo",),
            "customer_id": ("CustomerID",),
            "ordered_at": ("InvoiceDate",),
            "quantity": ("Quantity",),
            "price": ("UnitPrice",),
            "product_id": ("StockCode",),
            "product": ("Description",),
            "country": ("Country",),
        },
        _ONLINE_RETAIL_MONEY,
        currency="GBP",
        cancellation_prefix="C",
        bad_debt_prefix="A",
    ),
    Layout(
        "cdnow",
        "CDNOW purchases",
        "orders",
        "order",
        ("customer_id", "date", "number_of_cds", "dollar_value"),
        {"customer_id": ("customer_id",), "ordered_at": ("date",), "amount": ("dollar_value",)},
        "dollar_value of each purchase",
        currency="USD",
    ),
    Layout(
        "superstore",
        "Tableau's Sample - Superstore, order lines",
        "orders",
        "line",
        ("Row ID", "Order ID", "Order Date", "Customer ID", "Product ID", "Sales", "Profit"),
        {
            "order_id": ("Order ID",),
            "customer_id": ("Customer ID",),
            "ordered_at": ("Order Date",),
            "line_amount": ("Sales",),
            "profit": ("Profit",),
            "quantity": ("Quantity",),
            "product_id": ("Product ID",),
            "product": ("Product Name",),
            "category": ("Category",),
            "delivery_method": ("Ship Mode",),
            "country": ("Country/Region", "Country"),
        },
        "Sales of the order's lines, which are after discount",
        currency="USD",
    ),
    Layout(
        "complete_journey",
        "Complete Journey, basket lines",
        "orders",
        "line",
        ("household_id", "basket_id", "product_id", "sales_value", "transaction_timestamp"),
        {
            "order_id": ("basket_id",),
            "customer_id": ("household_id",),
            "ordered_at": ("transaction_timestamp",),
            "line_amount": ("sales_value",),
            "quantity": ("quantity",),
            "product_id": ("product_id",),
        },
        "sales_value of the basket's lines",
        currency="USD",
        utc=True,
    ),
    Layout(
        "olist",
        "Olist orders",
        "orders",
        "order",
        ("order_id", "customer_id", "order_status", "order_purchase_timestamp"),
        {
            "order_id": ("order_id",),
            "customer_id": ("customer_id",),
            "ordered_at": ("order_purchase_timestamp",),
            "status": ("order_status",),
        },
        "price of the order's items; their freight stands apart as shipping",
        currency="BRL",
    ),
    Layout(
        "comeback_lines",
        "Order lines",
        "order_lines",
        "line",
        ("order_id", "product_id", "product", "quantity", "amount"),
        {
            "order_id": ("order_id",),
            "product_id": ("product_id",),
            "product": ("product",),
            "category": ("category",),
            "quantity": ("quantity",),
            "line_amount": ("amount",),
            "cost": ("cost",),
            "unit_cost": ("unit_cost", "cost_per_item"),
            "profit": ("profit",),
        },
    ),
    Layout(
        "comeback_customers",
        "Customers",
        "customers",
        "order",
        ("customer_id", "birthday", "consent"),
        {
            "customer_id": ("customer_id",),
            "birthday": ("birthday",),
            "consent": ("consent",),
            "first_channel": ("first_channel",),
        },
    ),
    Layout(
        "shopify_customers",
        "Shopify, Customers > Export",
        "customers",
        "order",
        ("First Name", "Last Name", "Email", "Total Spent", "Total Orders"),
        {"customer_id": ("Email",), "consent": ("Accepts Email Marketing", "Accepts Marketing")},
    ),
    Layout(
        "consents",
        "Customers and who agreed to letters",
        "customers",
        "order",
        (),
        {
            "customer_id": (
                "Customer ID",
                "Customer",
                "Customer Email",
                "Email",
                "E-mail",
                "Email Address",
                "Client ID",
            ),
            "consent": names.NAMES["consent"],
            "birthday": ("Birthday", "Date of birth", "Birth date"),
        },
        fields=("customer_id", "consent"),
        not_with=(*_ORDER_SIGNS, *names.NAMES["ordered_at"], *names.NAMES["amount"], *names.NAMES["order_id"]),
    ),
    Layout(
        "comeback_events",
        "Events",
        "events",
        "order",
        ("customer_id", "event", "occurred_at"),
        {
            "customer_id": ("customer_id",),
            "event": ("event",),
            "occurred_at": ("occurred_at",),
            "detail": ("detail", "product_id", "campaign"),
        },
    ),
    Layout(
        "comeback_spend",
        "Marketing spend",
        "spend",
        "order",
        ("month", "channel", "amount"),
        {"month": ("month",), "channel": ("channel",), "amount": ("amount", "spend")},
    ),
    Layout(
        "olist_items",
        "Olist order items",
        "order_lines",
        "line",
        ("order_id", "order_item_id", "product_id", "price", "freight_value"),
        {
            "order_id": ("order_id",),
            "product_id": ("product_id",),
            "line_amount": ("price",),
            "shipping": ("freight_value",),
        },
    ),
    Layout(
        "olist_payments",
        "Olist payments",
        "payments",
        "line",
        ("order_id", "payment_sequential", "payment_type", "payment_value"),
        {"order_id": ("order_id",), "amount": ("payment_value",), "payment_method": ("payment_type",)},
    ),
    Layout(
        "olist_customers",
        "Olist customers",
        "customer_keys",
        "order",
        ("customer_id", "customer_unique_id"),
        {"customer_id": ("customer_id",), "person_id": ("customer_unique_id",), "country": ("customer_state",)},
    ),
)

_CONTRACT_OWNER: tuple[str, ...] = (
    "customerID",
    "Customer",
    "Client ID",
    "Client",
    "Subscriber ID",
    "Subscriber",
    "User ID",
    "Member ID",
)
_CONTRACT_OWNER += ("Account ID", "Account", "Customer Email", "Email", "Contract ID", "Subscription ID")
_MONTHLY_AMOUNT = ("MonthlyCharges", "Monthly Charge", "Monthly Amount", "Monthly Price", "Monthly Fee", "MRR")
CONTRACTS: tuple[Layout, ...] = (
    Layout(
        "contract_months",
        "Contracts with the months kept and whether they ended (Telco layout)",
        "contracts",
        "order",
        (),
        {
            "customer_id": _CONTRACT_OWNER,
            "months_kept": ("tenure", "Tenure Months", "Tenure in Months", "Months"),
            "churned": ("Churn", "Churn Label", "Churned", "Is churned"),
            "monthly_amount": _MONTHLY_AMOUNT,
        },
        "what a month costs; it is used for the value of a contract only",
        fields=("customer_id", "months_kept", "churned"),
        not_with=_ORDER_SIGNS,
    ),
    Layout(
        "contract_days",
        "Contracts with the days on which they began and ended",
        "contracts",
        "order",
        (),
        {
            "customer_id": _CONTRACT_OWNER,
            "started_on": (
                *("Start", "Start date", "Started on", "Started at", "Contract start", "Subscription start"),
                *("Contract start date", "Subscription start date", "Start (UTC)", "Start Date (UTC)", "Valid from"),
            ),
            "ended_on": (
                *(
                    "End",
                    "End date",
                    "Ended on",
                    "Ended at",
                    "Cancelled at",
                    "Canceled at",
                    "Cancelled on",
                    "Cancelled",
                ),
                *("Cancellation date", "Contract end", "Subscription end", "Contract end date", "Churn date"),
                *("Subscription end date", "Ended At (UTC)", "Canceled At (UTC)", "Valid to"),
            ),
            "monthly_amount": _MONTHLY_AMOUNT,
        },
        "what a month costs; it is used for the value of a contract only",
        fields=("customer_id", "started_on", "ended_on"),
        not_with=_ORDER_SIGNS,
    ),
)

# Orders in columns that a user mapped or that were found by name and content.
PLAIN = Layout(
    "plain", "Columns found by name and content", "orders", "order", (), {}, "the amount column as it stands"
)

BY_KEY: Mapping[str, Layout] = {layout.key: layout for layout in (*LAYOUTS, *CONTRACTS)}
