-- The scope: one row per row of {table} whose customer is one the page is about.
-- Every filter looks at the customer's first order, so the size of a cohort never depends on later orders.
select {table}.*
from temp.{table}
where ($since is null or first_on >= $since)
    and ($until is null or first_on < $until)
    and first_attributes_id in (
        select attributes_id
        from attributes
        where ($channel is null or list_contains($channel, channel))
            and ($country is null or list_contains($country, country))
            and ($category is null or list_contains($category, category))
            and ($coupon is null or has_coupon = $coupon)
    )
