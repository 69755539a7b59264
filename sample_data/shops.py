"""The two shops as their owner would describe them: channels, seasons, goods, habits. Every number here is a choice.

`truth.json` repeats what an analysis should find again. Money is in cents, rates are per day, shares are 0–1.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Channel:
    """Where new customers come from, and what customers of that kind do.

    Orders per day while a customer is active ~ Gamma(shape `rate_shape`, scale 1 / `rate_scale_days`); the chance to
    leave for good after an order ~ Beta(`leave_a`, `leave_b`). Both are drawn once per customer, independent of each
    other: the MBG/NBD model of Batislam, Denizel & Filiztekin (2007).
    """

    name: str
    share_first_day: float
    share_last_day: float
    rate_shape: float
    rate_scale_days: float
    leave_a: float
    leave_b: float
    basket: float
    cents_per_new_customer: int


@dataclass(frozen=True)
class Product:
    """An article. `months`: when it is on sale (empty: always). `goes_with`: what is often bought with it."""

    product_id: str
    name: str
    category: str
    cents: int
    weight: float
    months: tuple[int, ...] = ()
    goes_with: str = ""


@dataclass(frozen=True)
class Country:
    code: str
    share: float
    tax_share: float


@dataclass(frozen=True)
class EmailTest:
    """New customers with consent, first order in [since, until): half get a weekly letter, half one every two weeks.

    The weekly letter multiplies the chance to leave after the first order by `leave_factor`; nothing else changes.
    """

    since: str
    until: str
    leave_factor: float


@dataclass(frozen=True)
class Shop:
    key: str
    stream: int
    order_prefix: str
    currency: str
    expected_customers: int
    yearly_growth: float
    guest_share: float
    channels: tuple[Channel, ...]
    countries: tuple[Country, ...]
    products: tuple[Product, ...]
    arrivals_by_month: tuple[float, ...]
    repeats_by_month: tuple[float, ...]
    black_friday_arrivals: float
    black_friday_repeats: float
    holiday_stay_factor: float
    email_test: EmailTest
    loyalty_leave_factor: float
    same_product_share: float
    lines_per_order: float
    seasonal_coupon: str
    seasonal_months: tuple[int, ...]
    free_shipping_cents: int
    refunded_share: float
    partly_refunded_share: float


REPLENISH = Shop(
    key="replenish",
    stream=1,
    order_prefix="R",
    currency="EUR",
    expected_customers=11_700,
    yearly_growth=0.14,
    guest_share=0.045,
    channels=(
        Channel("Organic search", 0.36, 0.31, 2.60, 112.0, 0.40, 0.35, 1.00, 350),
        Channel("Paid search", 0.31, 0.29, 2.40, 114.0, 0.48, 0.33, 0.97, 1_450),
        Channel("Social", 0.21, 0.31, 2.00, 112.0, 0.66, 0.29, 0.84, 1_150),
        Channel("Referral", 0.12, 0.09, 2.80, 104.0, 0.36, 0.52, 1.16, 800),
    ),
    countries=(
        Country("DE", 0.58, 0.19),
        Country("AT", 0.15, 0.20),
        Country("NL", 0.12, 0.21),
        Country("FR", 0.09, 0.20),
        Country("BE", 0.06, 0.21),
    ),
    products=(
        Product("C01", "House espresso, beans 1 kg", "Coffee", 2290, 10.0, goes_with="A02"),
        Product("C02", "House espresso, beans 250 g", "Coffee", 790, 7.0),
        Product("C03", "Filter roast, beans 500 g", "Coffee", 1390, 8.0, goes_with="A03"),
        Product("C04", "Filter roast, ground 500 g", "Coffee", 1390, 6.0, goes_with="A03"),
        Product("C05", "Decaf, beans 500 g", "Coffee", 1490, 3.0),
        Product("C06", "Single origin of the month, 250 g", "Coffee", 1190, 4.0),
        Product("C07", "Capsules, box of 50", "Coffee", 1790, 5.0),
        Product("C08", "Winter roast, beans 500 g", "Coffee", 1590, 5.0, months=(10, 11, 12, 1)),
        Product("C09", "Cold brew bags, 6 pieces", "Coffee", 1290, 4.0, months=(5, 6, 7, 8)),
        Product("T01", "Green tea, loose 200 g", "Tea", 1090, 3.0),
        Product("T02", "Herbal tea, 40 bags", "Tea", 690, 3.0),
        Product("T03", "Chai blend, 250 g", "Tea", 1190, 1.5),
        Product("K01", "Coffee scrub soap, 3 bars", "Care", 990, 5.0),
        Product("K02", "Hand cream, 75 ml", "Care", 890, 4.0),
        Product("K03", "Solid shampoo", "Care", 1090, 4.0, goes_with="K05"),
        Product("K04", "Body oil, 200 ml", "Care", 1690, 2.0),
        Product("K05", "Soap tin", "Care", 590, 0.8),
        Product("K06", "Liquid soap refill, 1 l", "Care", 1290, 4.0),
        Product("A01", "Hand grinder", "Accessories", 5990, 0.5),
        Product("A02", "Descaler, 500 ml", "Accessories", 990, 1.2),
        Product("A03", "Filter papers, 200 pieces", "Accessories", 490, 1.5),
        Product("A04", "French press, 1 l", "Accessories", 3490, 0.5),
        Product("A05", "Espresso cups, set of 2", "Accessories", 1990, 0.6),
        Product("A06", "Gift box, coffee and care", "Accessories", 3990, 2.0, months=(11, 12)),
    ),
    arrivals_by_month=(1.02, 0.92, 0.95, 0.92, 0.93, 0.84, 0.78, 0.82, 0.98, 1.05, 1.45, 1.75),
    repeats_by_month=(1.06, 1.02, 1.02, 0.98, 0.96, 0.91, 0.85, 0.86, 0.99, 1.04, 1.22, 1.36),
    black_friday_arrivals=2.6,
    black_friday_repeats=2.0,
    holiday_stay_factor=0.80,
    email_test=EmailTest("2024-07-01", "2025-07-01", 0.91),
    loyalty_leave_factor=0.90,
    same_product_share=0.62,
    lines_per_order=0.85,
    seasonal_coupon="",
    seasonal_months=(),
    free_shipping_cents=4_500,
    refunded_share=0.013,
    partly_refunded_share=0.030,
)


GIFT = Shop(
    key="gift",
    stream=2,
    order_prefix="G",
    currency="EUR",
    expected_customers=12_000,
    yearly_growth=0.08,
    guest_share=0.13,
    channels=(
        Channel("Organic search", 0.34, 0.30, 1.10, 230.0, 3.20, 0.78, 1.00, 300),
        Channel("Paid search", 0.30, 0.30, 1.00, 250.0, 3.60, 0.66, 1.05, 1_250),
        Channel("Social", 0.26, 0.31, 0.90, 280.0, 4.60, 0.58, 0.82, 950),
        Channel("Referral", 0.10, 0.09, 1.20, 220.0, 2.60, 0.95, 1.15, 600),
    ),
    countries=(
        Country("DE", 0.70, 0.19),
        Country("AT", 0.16, 0.20),
        Country("NL", 0.09, 0.21),
        Country("LU", 0.05, 0.17),
    ),
    products=(
        Product("D01", "Advent calendar, filled", "Christmas", 3490, 16.0, months=(10, 11)),
        Product("D02", "Tree ornaments, glass, set of 6", "Christmas", 2490, 10.0, months=(10, 11, 12)),
        Product("D03", "Wooden nativity scene", "Christmas", 5990, 4.0, months=(10, 11, 12)),
        Product("D04", "Gingerbread tin", "Christmas", 1690, 10.0, months=(10, 11, 12)),
        Product("D05", "Star lantern", "Christmas", 2290, 7.0, months=(10, 11, 12)),
        Product("V01", "Engraved locket", "Valentine", 4490, 6.0, months=(1, 2)),
        Product("V02", "Letter of 100 reasons, framed", "Valentine", 2990, 6.0, months=(1, 2)),
        Product("E01", "Painted wooden eggs, set of 8", "Easter", 1890, 9.0, months=(3, 4)),
        Product("E02", "Nest basket, filled", "Easter", 2690, 8.0, months=(3, 4)),
        Product("M01", "Bouquet of dried flowers", "Mother's Day", 3290, 10.0, months=(4, 5)),
        Product("M02", "Family tree print, made to order", "Mother's Day", 3990, 6.0, months=(4, 5)),
        Product("H01", "Scented candle, large", "Home", 2490, 5.0, goes_with="H06"),
        Product("H02", "Scented candle, small", "Home", 1290, 5.0),
        Product("H03", "Ceramic vase", "Home", 3490, 3.0),
        Product("H04", "Linen throw", "Home", 5990, 1.5),
        Product("H05", "Photo frame, oak", "Home", 2190, 4.0, goes_with="P04"),
        Product("H06", "Candle snuffer", "Home", 990, 0.8),
        Product("P01", "Mug with name", "Personalised", 1590, 6.0),
        Product("P02", "Cutting board with engraving", "Personalised", 2990, 4.0),
        Product("P03", "Star map of a date", "Personalised", 3490, 4.0),
        Product("P04", "Photo book, 24 pages", "Personalised", 2790, 3.0),
        Product("B01", "Baby blanket with name", "Birth and wedding", 3990, 4.0),
        Product("B02", "Wedding guest book", "Birth and wedding", 3290, 3.0),
        Product("B03", "Money box, wedding", "Birth and wedding", 1990, 2.5),
        Product("G01", "Greeting cards, set of 5", "Cards and wrapping", 790, 4.0, goes_with="G02"),
        Product("G02", "Gift wrapping set", "Cards and wrapping", 690, 3.0),
        Product("G03", "Chocolate selection, 24 pieces", "Gourmet", 2490, 5.0),
        Product("G04", "Olive oil and salt box", "Gourmet", 3290, 3.0),
    ),
    arrivals_by_month=(0.52, 0.86, 0.72, 0.98, 1.16, 0.60, 0.50, 0.50, 0.62, 0.92, 2.05, 3.05),
    repeats_by_month=(0.50, 0.90, 0.70, 1.00, 1.22, 0.56, 0.46, 0.46, 0.58, 0.90, 2.10, 3.10),
    black_friday_arrivals=1.6,
    black_friday_repeats=1.6,
    holiday_stay_factor=0.85,
    email_test=EmailTest("2024-07-01", "2025-07-01", 0.985),
    loyalty_leave_factor=0.95,
    same_product_share=0.06,
    lines_per_order=0.55,
    seasonal_coupon="SPRING10",
    seasonal_months=(4, 5),
    free_shipping_cents=6_000,
    refunded_share=0.024,
    partly_refunded_share=0.020,
)

SHOPS = (REPLENISH, GIFT)
