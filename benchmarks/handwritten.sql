-- Every KPI of the third quarter of 2025 by partner and by region, in one statement over the stored tables.
-- {stored} is the folder of the intake; NULL stands for nothing to divide by.
WITH
sales AS NOT MATERIALIZED (
  SELECT *, COALESCE(partner_id, '(unassigned)') AS partner, COALESCE(region, '(unassigned)') AS place
  FROM read_parquet('{stored}/sales.parquet') WHERE _issue IS NULL
),
partners AS (
  SELECT *, COALESCE(contract_start < DATE '2025-10-01', TRUE) AND COALESCE(contract_end >= DATE '2025-07-01', TRUE)
    AND COALESCE(exit_date >= DATE '2025-07-01', TRUE) AS under_contract
  FROM read_parquet('{stored}/partners.parquet') WHERE _issue IS NULL
),

-- Sums of the quarter, the quarter before and the year before, once per partner, region and channel type.
summed AS (
  SELECT partner, place, partner_id, channel_type,
    COUNT(*) FILTER (WHERE order_date >= DATE '2025-07-01') AS lines,
    SUM(net_amount) FILTER (WHERE order_date >= DATE '2025-07-01') AS net,
    SUM(net_amount) FILTER (WHERE order_date >= DATE '2025-04-01' AND order_date < DATE '2025-07-01') AS net_previous,
    SUM(net_amount) FILTER (WHERE order_date < DATE '2024-10-01') AS net_last_year,
    SUM(net_amount) FILTER (WHERE order_date >= DATE '2025-07-01' AND kind = 'order') AS ordered,
    SUM(gross_amount) FILTER (WHERE order_date >= DATE '2025-07-01' AND kind = 'order') AS gross,
    SUM(discount_amount) FILTER (WHERE order_date >= DATE '2025-07-01' AND kind = 'order') AS discount,
    SUM(net_amount - cost_amount) FILTER (WHERE order_date >= DATE '2025-07-01') AS profit,
    SUM(net_amount) FILTER (WHERE order_date >= DATE '2025-07-01' AND cost_amount IS NOT NULL) AS net_of_known_cost,
    COUNT(*) FILTER (WHERE order_date >= DATE '2025-07-01' AND kind = 'order' AND net_amount > 0) AS good_lines,
    COUNT(*) FILTER (WHERE order_date >= DATE '2025-01-01' AND order_date < DATE '2025-07-01' AND kind = 'order')
      AS lines_before,
    COUNT(*) FILTER (WHERE order_date >= DATE '2025-04-01' AND kind = 'order') AS lines_lately
  FROM sales WHERE order_date >= DATE '2024-07-01' AND order_date < DATE '2025-10-01'
  GROUP BY partner, place, partner_id, channel_type
),
lines AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    SUM(lines) AS lines, SUM(net) AS net, SUM(net_previous) AS net_previous, SUM(net_last_year) AS net_last_year,
    SUM(ordered) AS ordered, SUM(gross) AS gross, SUM(discount) AS discount, SUM(profit) AS profit,
    SUM(net_of_known_cost) AS net_of_known_cost
  FROM summed GROUP BY GROUPING SETS ((partner), (place))
),
orders AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    COUNT(DISTINCT order_id) AS orders
  FROM sales WHERE kind = 'order' AND order_date >= DATE '2025-07-01' AND order_date < DATE '2025-10-01'
  GROUP BY GROUPING SETS ((partner), (place))
),

-- Returns by the day of what they return, where that is known.
originals AS (
  SELECT order_id, MIN(order_date) AS ordered_on FROM sales
  WHERE kind = 'order' AND order_id IN (SELECT original_order_id FROM sales WHERE kind = 'return')
  GROUP BY order_id
),
returned AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    -SUM(net_amount) AS returned
  FROM sales LEFT JOIN originals ON originals.order_id = original_order_id
  WHERE kind = 'return' AND COALESCE(ordered_on, order_date) >= DATE '2025-07-01'
    AND COALESCE(ordered_on, order_date) < DATE '2025-10-01'
  GROUP BY GROUPING SETS ((partner), (place))
),

-- Rows per selling point, partner and customer, and what follows from them.
points AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    point, SUM(net) AS now, SUM(net_last_year) AS before
  FROM (SELECT *, COALESCE(partner_id, channel_type || ' / ' || place) AS point FROM summed)
  GROUP BY GROUPING SETS ((partner, point), (place, point))
),
like_for_like AS (
  SELECT level, entity, SUM(now - before) AS change, SUM(before) AS base
  FROM points WHERE now > 0 AND before > 0 GROUP BY level, entity
),
ranked AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY level, entity ORDER BY sold DESC, partner_id) AS rank FROM (
    SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level,
      COALESCE(partner, place) AS entity, partner_id, SUM(net) AS sold
    FROM summed WHERE partner_id IS NOT NULL GROUP BY GROUPING SETS ((partner, partner_id), (place, partner_id)))
  WHERE sold > 0
),
concentration AS (
  SELECT level, entity, SUM(sold * sold) AS squares, SUM(sold) AS sold, SUM(sold) FILTER (WHERE rank <= 1) AS top_1,
    SUM(sold) FILTER (WHERE rank <= 5) AS top_5, SUM(sold) FILTER (WHERE rank <= 10) AS top_10
  FROM ranked GROUP BY level, entity
),
activity AS (
  SELECT s.partner_id, COALESCE(p.region, '(unassigned)') AS place, SUM(s.lines_before) > 0 AS was_active,
    SUM(s.lines_lately) > 0 AS is_active, SUM(s.good_lines) > 0 AND COALESCE(BOOL_OR(p.under_contract), FALSE) AS counts
  FROM summed AS s LEFT JOIN partners AS p ON p.partner_id = s.partner_id
  WHERE s.partner_id IS NOT NULL GROUP BY s.partner_id, p.region
),
churn AS (
  SELECT CASE GROUPING(partner_id) WHEN 0 THEN 'partner' ELSE 'region' END AS level,
    COALESCE(partner_id, place) AS entity, COUNT(*) FILTER (WHERE counts) AS active,
    COUNT(*) FILTER (WHERE was_active) AS were_active, COUNT(*) FILTER (WHERE was_active AND NOT is_active) AS lost
  FROM activity GROUP BY GROUPING SETS ((partner_id), (place))
),
contracts AS (
  SELECT CASE GROUPING(partner_id) WHEN 0 THEN 'partner' ELSE 'region' END AS level,
    COALESCE(partner_id, place) AS entity, COUNT(*) FILTER (WHERE under_contract) AS partners
  FROM (SELECT *, COALESCE(region, '(unassigned)') AS place FROM partners)
  GROUP BY GROUPING SETS ((partner_id), (place))
),
customers AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    customer_id, SUM(net_amount) FILTER (WHERE order_date >= DATE '2025-07-01') AS now,
    COUNT(*) FILTER (WHERE order_date < DATE '2025-07-01' AND kind = 'order') AS before
  FROM sales
  WHERE customer_id IS NOT NULL AND order_date >= DATE '2024-07-01' AND order_date < DATE '2025-10-01'
  GROUP BY GROUPING SETS ((partner, customer_id), (place, customer_id))
),
new_customers AS (
  SELECT level, entity, SUM(now) FILTER (WHERE before = 0) AS net_of_new, SUM(now) AS net_of_known
  FROM customers GROUP BY level, entity
),

-- The small tables.
aims AS (
  SELECT 'partner' AS level, t.partner_id AS entity, t.target_id, t.target_amount, SUM(s.net_amount) AS actual
  FROM read_parquet('{stored}/targets.parquet') AS t
  LEFT JOIN sales AS s ON s.partner_id = t.partner_id
    AND s.order_date >= t.window_start AND s.order_date < t.window_end
  WHERE t._issue IS NULL AND t.level = 'partner' AND t.window_start = DATE '2025-07-01'
  GROUP BY ALL
  UNION ALL
  SELECT 'region', t.region, t.target_id, t.target_amount, SUM(s.net_amount)
  FROM read_parquet('{stored}/targets.parquet') AS t
  LEFT JOIN sales AS s ON s.region = t.region AND s.order_date >= t.window_start AND s.order_date < t.window_end
  WHERE t._issue IS NULL AND t.level = 'region' AND t.window_start = DATE '2025-07-01'
  GROUP BY ALL
),
targets AS (
  SELECT level, entity, SUM(actual) AS actual, SUM(target_amount) AS target FROM aims GROUP BY level, entity
),
costs AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    SUM(amount) AS cost, SUM(amount) FILTER (WHERE is_allocated) AS allocated,
    SUM(amount) FILTER (WHERE is_allocated IS NOT TRUE) AS direct
  FROM (
    SELECT c.*, COALESCE(c.partner_id, '(unassigned)') AS partner, COALESCE(c.region, p.region, '(unassigned)') AS place
    FROM read_parquet('{stored}/costs.parquet') AS c LEFT JOIN partners AS p USING (partner_id)
    WHERE c._issue IS NULL AND c.month >= DATE '2025-07-01' AND c.month < DATE '2025-10-01')
  GROUP BY GROUPING SETS ((partner), (place))
),
market AS (
  SELECT 'region' AS level, COALESCE(region, '(unassigned)') AS entity, SUM(market_amount) AS market,
    SUM(rival_amount) AS rival
  FROM read_parquet('{stored}/market.parquet')
  WHERE _issue IS NULL AND month >= DATE '2025-07-01' AND month < DATE '2025-10-01' GROUP BY ALL
),
feedback AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    COUNT(*) FILTER (WHERE kind = 'csat' AND score >= 4) AS satisfied,
    COUNT(score) FILTER (WHERE kind = 'csat') AS answers,
    COUNT(*) FILTER (WHERE kind = 'nps' AND score >= 9) - COUNT(*) FILTER (WHERE kind = 'nps' AND score <= 6) AS promoted,
    COUNT(score) FILTER (WHERE kind = 'nps') AS asked, COUNT(*) FILTER (WHERE kind = 'complaint') AS complaints
  FROM (
    SELECT f.*, COALESCE(f.partner_id, '(unassigned)') AS partner, COALESCE(f.region, p.region, '(unassigned)') AS place
    FROM read_parquet('{stored}/feedback.parquet') AS f LEFT JOIN partners AS p USING (partner_id)
    WHERE f._issue IS NULL AND f.given_on >= DATE '2025-07-01' AND f.given_on < DATE '2025-10-01')
  GROUP BY GROUPING SETS ((partner), (place))
),
receivables AS (
  SELECT CASE GROUPING(partner) WHEN 0 THEN 'partner' ELSE 'region' END AS level, COALESCE(partner, place) AS entity,
    SUM(amount) FILTER (WHERE invoice_date >= DATE '2025-07-01') AS invoiced,
    SUM(amount) FILTER (WHERE is_open) AS open, SUM(amount) FILTER (WHERE is_open AND due_date < DATE '2025-10-01') AS late
  FROM (
    SELECT r.*, COALESCE(r.partner_id, '(unassigned)') AS partner, COALESCE(r.region, p.region, '(unassigned)') AS place,
      COALESCE(paid_date >= DATE '2025-10-01', TRUE) AND COALESCE(written_off_date >= DATE '2025-10-01', TRUE) AS is_open
    FROM read_parquet('{stored}/receivables.parquet') AS r LEFT JOIN partners AS p USING (partner_id)
    WHERE r._issue IS NULL AND r.invoice_date < DATE '2025-10-01')
  GROUP BY GROUPING SETS ((partner), (place))
),
stock AS (
  SELECT CASE GROUPING(s.partner_id) WHEN 0 THEN 'partner' ELSE 'region' END AS level,
    COALESCE(s.partner_id, p.region) AS entity,
    COALESCE(SUM(opening_quantity) FILTER (WHERE month = DATE '2025-07-01'), 0) + SUM(received_quantity) AS at_hand
  FROM read_parquet('{stored}/stock.parquet') AS s JOIN partners AS p USING (partner_id)
  WHERE s._issue IS NULL AND month >= DATE '2025-07-01' AND month < DATE '2025-10-01'
  GROUP BY GROUPING SETS ((s.partner_id), (p.region))
),
sold_on AS (
  SELECT CASE GROUPING(s.partner_id) WHEN 0 THEN 'partner' ELSE 'region' END AS level,
    COALESCE(s.partner_id, p.region) AS entity, SUM(quantity) AS sold_on
  FROM read_parquet('{stored}/sell_out.parquet') AS s JOIN partners AS p USING (partner_id)
  WHERE s._issue IS NULL AND sold_on >= DATE '2025-07-01' AND sold_on < DATE '2025-10-01'
  GROUP BY GROUPING SETS ((s.partner_id), (p.region))
),

-- One row per partner and region, everything beside each other.
entities AS (
  SELECT level, entity FROM lines UNION SELECT level, entity FROM costs UNION SELECT level, entity FROM market
  UNION SELECT level, entity FROM feedback UNION SELECT level, entity FROM receivables
  UNION SELECT level, entity FROM stock UNION SELECT level, entity FROM contracts UNION SELECT level, entity FROM targets
),
wide AS (
  SELECT * FROM entities LEFT JOIN lines USING (level, entity) LEFT JOIN orders USING (level, entity)
  LEFT JOIN returned USING (level, entity) LEFT JOIN like_for_like USING (level, entity)
  LEFT JOIN concentration USING (level, entity) LEFT JOIN churn USING (level, entity)
  LEFT JOIN contracts USING (level, entity) LEFT JOIN new_customers USING (level, entity)
  LEFT JOIN targets USING (level, entity) LEFT JOIN costs USING (level, entity) LEFT JOIN market USING (level, entity)
  LEFT JOIN feedback USING (level, entity) LEFT JOIN receivables USING (level, entity)
  LEFT JOIN stock USING (level, entity) LEFT JOIN sold_on USING (level, entity)
)
SELECT level, entity, 'net_sales' AS kpi, CAST(COALESCE(net, 0) AS DOUBLE) AS numerator, CAST(1 AS DOUBLE) AS denominator FROM wide
UNION ALL SELECT level, entity, 'growth_previous', COALESCE(net, 0) - net_previous, net_previous FROM wide
UNION ALL SELECT level, entity, 'growth_yoy', COALESCE(net, 0) - net_last_year, net_last_year FROM wide
UNION ALL SELECT level, entity, 'like_for_like_yoy', change, base FROM wide
UNION ALL SELECT level, entity, 'attainment', COALESCE(actual, 0), target FROM wide
UNION ALL SELECT level, entity, 'market_share', net, market FROM wide
UNION ALL SELECT level, entity, 'relative_market_share', net, rival FROM wide
UNION ALL SELECT level, entity, 'csat', satisfied, answers FROM wide
UNION ALL SELECT level, entity, 'nps', promoted, asked FROM wide
UNION ALL SELECT level, entity, 'complaint_rate', COALESCE(complaints, 0), orders FROM wide
UNION ALL SELECT level, entity, 'return_rate', COALESCE(returned, 0), ordered FROM wide
UNION ALL SELECT level, entity, 'channel_cost_ratio', cost, net FROM wide
UNION ALL SELECT level, entity, 'allocated_cost_share', COALESCE(allocated, 0), cost FROM wide
UNION ALL SELECT level, entity, 'gross_profit', COALESCE(profit, 0), 1 FROM wide
UNION ALL SELECT level, entity, 'gross_margin', profit, net_of_known_cost FROM wide
UNION ALL SELECT level, entity, 'channel_contribution', COALESCE(profit, 0) - COALESCE(direct, 0), 1 FROM wide
UNION ALL SELECT level, entity, 'channel_contribution_margin', COALESCE(profit, 0) - COALESCE(direct, 0), net FROM wide
UNION ALL SELECT level, entity, 'contribution_after_allocation', COALESCE(profit, 0) - COALESCE(cost, 0), 1 FROM wide
UNION ALL SELECT level, entity, 'discount_rate', discount, gross FROM wide
UNION ALL SELECT level, entity, 'active_partner_rate', COALESCE(active, 0), partners FROM wide
UNION ALL SELECT level, entity, 'partner_churn', lost, were_active FROM wide
UNION ALL SELECT level, entity, 'orders', COALESCE(orders, 0), 1 FROM wide
UNION ALL SELECT level, entity, 'average_order_value', ordered, orders FROM wide
UNION ALL SELECT level, entity, 'new_customer_share', COALESCE(net_of_new, 0), net_of_known FROM wide
UNION ALL SELECT level, entity, 'concentration_hhi', squares, sold * sold FROM wide
UNION ALL SELECT level, entity, 'top_1_share', top_1, sold FROM wide
UNION ALL SELECT level, entity, 'top_5_share', top_5, sold FROM wide
UNION ALL SELECT level, entity, 'top_10_share', top_10, sold FROM wide
UNION ALL SELECT level, entity, 'dso', COALESCE(open, 0) * 92, invoiced FROM wide
UNION ALL SELECT level, entity, 'overdue_ratio', COALESCE(late, 0), open FROM wide
UNION ALL SELECT level, entity, 'sell_through', sold_on, at_hand FROM wide
