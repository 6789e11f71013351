-- Whether the books are in order, for psql and reports: the answer of `budget_account::reconcile`,
-- for every account that the caller may see. It reads every entry.
create view public.budget_reconciliation with (security_invoker = true) as
select a.tenant_id, a.id as account_id, a.user_id, a.currency, a.balance, a.held, a.floor,
       a.last_entry_no, coalesce(e.entries, 0) as entries,
       coalesce(e.total, 0)::numeric(14, 2) as entries_total,
       coalesce(e.breaks, 0) as breaks, coalesce(h.total, 0)::numeric(14, 2) as holds_total,
       a.balance = coalesce(e.total, 0) and a.last_entry_no = coalesce(e.entries, 0)
           and coalesce(e.breaks, 0) = 0 and a.held = coalesce(h.total, 0) as in_order
from public.budget_accounts a
left join (
    select c.tenant_id, c.account_id, count(*) as entries, sum(c.amount_usd) as total,
           count(*) filter (where c.entry_no <> c.place
                            or c.balance_before_usd <> coalesce(c.previous, 0)
                            or c.balance_after_usd <> c.balance_before_usd + c.amount_usd) as breaks
    from (
        select t.*, row_number() over w as place, lag(t.balance_after_usd) over w as previous
        from public.budget_transactions t
        window w as (partition by t.tenant_id, t.account_id order by t.entry_no)
    ) c
    group by c.tenant_id, c.account_id
) e on e.tenant_id = a.tenant_id and e.account_id = a.id
left join (
    select b.tenant_id, b.account_id, sum(b.amount_usd) as total
    from public.budget_holds b
    where b.state = 'open'
    group by b.tenant_id, b.account_id
) h on h.tenant_id = a.tenant_id and h.account_id = a.id;

grant select on public.budget_reconciliation to keel_app;
