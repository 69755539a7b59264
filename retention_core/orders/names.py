"""What columns are called, in several languages: one row per field, the likeliest name first; only letters count."""

from __future__ import annotations

from collections.abc import Mapping


def _names(text: str) -> tuple[str, ...]:
    return tuple("".join(char for char in name.casefold() if char.isalnum()) for name in text.split(","))


# Names that settle a field on their own, when the content fits.
NAMES: Mapping[str, tuple[str, ...]] = {
    "order_id": _names(
        """
        order_id, order number, order no, order #, order, invoice, invoice_no, invoice number, transaction_id,
        basket_id, receipt, receipt no, purchase_id, sale_id, order name, номер заказа, заказ, номер, чек,
        bestellnummer, auftragsnummer, rechnungsnummer, číslo objednávky, objednávka, numer zamówienia,
        zamówienie, номер на поръчка, поръчка, numéro de commande, commande, número de pedido, pedido, numero
        ordine, ordine
        """
    ),
    "customer_id": _names(
        """
        customer_id, customer, customer email, customer e-mail, email, e-mail, client_id, client, user_id, user,
        buyer_id, buyer, cust_id, cust, customer number, customer no, account_id, member_id, household_id,
        shopper_id, card number, contact_id, patron, e-mail покупателя, покупатель, клиент, id клиента, код
        клиента, телефон, kunde, kundennummer, kunden-id, kundenid, zákazník, id zákazníka, klient, id klienta,
        клиент имейл, имейл, client email, cliente, id cliente, customer name, phone
        """
    ),
    "ordered_at": _names(
        """
        ordered_at, order date, order_date, date ordered, created at, created, date created, order created,
        purchase date, purchased_at, order_purchase_timestamp, transaction date, trans_date,
        transaction_timestamp, invoice date, sale date, date, datetime, timestamp, time, day, processed at, paid
        at, bought_at, when, дата заказа, дата создания, дата, дата покупки, дата и время, bestelldatum,
        rechnungsdatum, datum, datum objednávky, vytvořeno, data zamówienia, data, data utworzenia, дата на
        поръчката, date de commande, fecha, fecha de pedido, data ordine
        """
    ),
    "amount": _names(
        """
        amount, net amount, net sales, order amount, order total, total, grand total, total price, total amount,
        order value, revenue, net revenue, sales, sale amount, tran_amount, transaction amount, value,
        dollar_value, monetary value, spend, paid, sum, subtotal, price, сумма заказа, сумма, итого, стоимость,
        выручка, betrag, gesamtbetrag, summe, umsatz, gesamtsumme, celkem, částka, cena celkem, cena, kwota,
        wartość, suma, сума, обща сума, montant, importe, importo, totale, preis
        """
    ),
    "quantity": _names(
        """
        quantity, qty, units, items, количество, menge, anzahl, množství, ilość, quantité, cantidad, quantità
        """
    ),
    "price": _names(
        """
        unit price, item price, price per unit, unit cost, item cost, price, цена, stückpreis, einzelpreis,
        preis, jednotková cena, cena jednostkowa, prix unitaire, precio unitario, prezzo unitario
        """
    ),
    "line_amount": _names(
        """
        line total, line amount, item total, row total, extended price, сумма строки, zeilensumme
        """
    ),
    "discount": _names(
        """
        discount, discount amount, total discount, скидка, rabatt, sleva, rabat, отстъпка, remise, descuento
        """
    ),
    "refunded": _names(
        """
        refunded, refunded amount, amount refunded, refund, refund amount, refunds, returned amount, возврат,
        сумма возврата, erstattung, erstattet, vráceno, zwrot, remboursement, reembolso, rimborso
        """
    ),
    "tax": _names(
        """
        tax, taxes, vat, tax amount, total tax, ндс, налог, mwst, ust, dph, vat amount, podatek, ддс, tva, iva
        """
    ),
    "shipping": _names(
        """
        shipping, shipping amount, shipping cost, delivery cost, freight, freight_value, postage, стоимость
        доставки, доставка сумма, versand, versandkosten, doprava, dostawa, wysyłka, livraison, envío, spedizione
        """
    ),
    "cost": _names(
        """
        cost, cogs, cost of goods, cost of goods sold, cost of sales, order cost, order cogs, line cost, goods cost,
        себестоимость, себестоимость заказа, себестойност, wareneinsatz, warenkosten, selbstkosten, náklady,
        náklady na zboží, koszt, koszt własny, koszt towaru, coût des marchandises, costo della merce,
        coste de ventas
        """
    ),
    "unit_cost": _names(
        """
        cost per item, cost per unit, cost price, lineitem cost, cogs per unit, einkaufspreis, закупочная цена,
        себестоимость единицы, nákupní cena, cena zakupu, доставна цена, prix d'achat, precio de coste, prezzo di
        acquisto, unit cost
        """
    ),
    "profit": _names(
        """
        profit, gross profit, order profit, line profit, total profit, прибыль, валовая прибыль, печалба,
        rohertrag, rohgewinn, gewinn, zisk, hrubý zisk, zysk, bénéfice, beneficio, profitto
        """
    ),
    "currency": _names(
        """
        currency, currency code, order currency, валюта, währung, měna, waluta, devise, moneda, valuta
        """
    ),
    "status": _names(
        """
        status, order status, state, financial status, payment status, order_status, статус, статус заказа,
        bestellstatus, zahlungsstatus, stav, status zamówienia, статус на поръчката, statut, estado, stato
        """
    ),
    "test": _names(
        """
        is_test, test, is test order, test order
        """
    ),
    "cancelled_at": _names(
        """
        cancelled at, canceled at, cancelled_timestamp, отменен, storniert am
        """
    ),
    "channel": _names(
        """
        channel, source, sales channel, utm_source, traffic source, acquisition channel, источник, канал, quelle,
        kanal, zdroj, źródło, canal, canale
        """
    ),
    "campaign": _names(
        """
        campaign, utm_campaign, кампания, kampagne, kampaň, kampania, campagne, campaña
        """
    ),
    "coupon": _names(
        """
        coupon, coupon code, discount code, promo code, promocode, voucher, промокод, купон, gutschein, kupón,
        kod rabatowy
        """
    ),
    "payment_method": _names(
        """
        payment method, payment_type, payment, способ оплаты, zahlungsart, způsob platby, metoda płatności
        """
    ),
    "delivery_method": _names(
        """
        delivery method, shipping method, ship mode, способ доставки, versandart, způsob dopravy, metoda dostawy
        """
    ),
    "country": _names(
        """
        country, country code, billing country, shipping country, страна, land, země, stát, kraj, país, paese
        """
    ),
    "category": _names(
        """
        category, product category, категория, kategorie, kategoria, catégorie, categoría
        """
    ),
    "product_id": _names(
        """
        product_id, sku, stock code, item_id, article, product code, артикул, artikelnummer, kód zboží, ean
        """
    ),
    "product": _names(
        """
        product, product name, item, item name, description, товар, название товара, artikel, zboží, produkt
        """
    ),
    "consent": _names(
        """
        consent, accepts marketing, accepts email marketing, email marketing consent, marketing consent, marketing opt
        in, accepts newsletter, newsletter consent, email opt in, opt in, opted in, buyer accepts marketing, newsletter,
        newsletter subscription, newsletter subscribed, subscribed, subscribed to newsletter, gdpr consent, согласие на
        рассылку, согласие, подписка на рассылку, newsletter einwilligung, einwilligung, souhlas, zgoda marketingowa,
        съгласие, съгласие за бюлетин
        """
    ),
}

# Parts of a name that hint at a field when no name matches as a whole, and parts that rule it out.
PARTS: Mapping[str, tuple[str, ...]] = {
    "customer_id": _names("customer, client, buyer, user, email, member, household, клиент, покупат, kunde, klient"),
    "ordered_at": _names("date, time, created, дата, datum, data"),
    "amount": _names("amount, total, revenue, sales, price, value, сумм, betrag, kwota, celkem"),
    "order_id": _names("orderid, orderno, ordernumber, invoice, receipt, заказ"),
}
NOT_PARTS: Mapping[str, tuple[str, ...]] = {
    "customer_id": _names("type, since, first, city, state, segment, country, note, group, agent, service, satis"),
    "ordered_at": _names("birth, ship, deliver, update, due, estimat, cancel, refund, expire, signup, рожд, zip"),
    "amount": _names("tax, ship, discount, refund, unit, quantity, id, count, fee, скидк, налог, возврат"),
    "order_id": _names("date, status, total, amount"),
}

# Parts of the names of columns that tell who somebody is; no number ever needs them.
PERSONAL: tuple[str, ...] = _names(
    """
    first name, last name, surname, full name, customer name, client name, contact, e-mail, email, phone, mobile,
    telefon, address, adress, street, strasse, straße, zip code, postcode, postal code, plz, birth, note, comment,
    remark, vorname, nachname, фио, имя, фамилия, телефон, адрес, улица, почта, имейл, бележка, примечание,
    комментарий, jméno, příjmení, ulice, adresa, imię, nazwisko, ulica, prénom,
    dirección, nombre, indirizzo, cognome
    """
)

# Tables that are often mistaken for orders: headers of which two are enough, and what they are.
NOT_ORDERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("tenure", "churn", "contract", "monthlycharges"), "this looks like a table of contracts, not orders"),
    (
        ("recency", "frequency", "monetaryvalue", "history", "weights", "periods"),
        "this looks like a summary, not orders",
    ),
    (("survivalpct", "survivorsof1000"), "this looks like a table of survival rates, not orders"),
    (("startdate", "enddate", "campaigntype"), "this looks like a list of campaigns, not orders"),
    (("couponupc", "redemptiondate"), "this looks like a list of redeemed coupons, not orders"),
    (("visit", "conversion", "spend", "segment"), "this looks like the result of an experiment, not orders"),
)
