-- What the database does by itself when money moves, whoever moves it. The triggers themselves come
-- with the tables. To add an entry is to post it: the account is locked, the entry numbered, and the
-- account moved to the entry's balance; nothing else moves it.

-- Locks the account, and says of the entry what follows from the one before it, where it is not said
-- already. An account that is not there is left to the keys of the table to refuse.
create function keel.number_budget_transaction() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    account record;
    last record;
begin
    select a.user_id, a.currency into account
    from public.budget_accounts a
    where a.tenant_id = new.tenant_id and a.id = new.account_id
    for no key update;
    -- After the lock, and so what the lock waited for is seen; and the entries that the same
    -- statement added before this one, which the account does not know yet.
    select e.entry_no, e.balance_after_usd into last
    from public.budget_transactions e
    where e.tenant_id = new.tenant_id and e.account_id = new.account_id
    order by e.entry_no desc limit 1;
    new.user_id := coalesce(new.user_id, account.user_id, new.tenant_id);
    new.currency := coalesce(new.currency, account.currency, 'XXX');
    new.entry_no := coalesce(new.entry_no, last.entry_no + 1, 1);
    new.balance_before_usd := coalesce(new.balance_before_usd, last.balance_after_usd, 0);
    new.balance_after_usd :=
        coalesce(new.balance_after_usd, new.balance_before_usd + new.amount_usd);
    new.effective_at := coalesce(new.effective_at, new.created_at);
    return new;
end $$;

-- Moves the account to the entry's balance, which must follow on the account's; and holds a refund or
-- a reversal to what it gives back or undoes.
create function keel.post_budget_transaction() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    original record;
    refunded numeric;
begin
    update public.budget_accounts a
    set balance = new.balance_after_usd, last_entry_no = new.entry_no, updated_at = new.created_at
    where a.tenant_id = new.tenant_id and a.id = new.account_id
      and a.user_id = new.user_id and a.currency = new.currency
      and a.last_entry_no = new.entry_no - 1 and a.balance = new.balance_before_usd;
    if not found then
        if exists (select from public.budget_accounts a
                   where a.tenant_id = new.tenant_id and a.id = new.account_id
                     and a.currency <> new.currency) then
            raise exception 'the account is in another currency'
                using errcode = 'check_violation', table = 'budget_transactions',
                      constraint = 'budget_transactions_currency_own';
        end if;
        raise exception 'the entry does not follow on the account''s last one'
            using errcode = 'check_violation', table = 'budget_transactions',
                  constraint = 'budget_transactions_entry_no_follows';
    end if;
    if new.refunds_id is null and new.reverses_id is null then
        return null;
    end if;

    select e.account_id, e.transaction_type, e.amount_usd, e.reverses_id,
           (select true from public.budget_transactions r
            where r.tenant_id = e.tenant_id and r.reverses_id = e.id and r.id <> new.id limit 1)
               as reversed
    into original
    from public.budget_transactions e
    where e.tenant_id = new.tenant_id and e.id = coalesce(new.refunds_id, new.reverses_id);
    select coalesce(sum(r.amount_usd), 0) into refunded
    from public.budget_transactions r
    where r.tenant_id = new.tenant_id
      and r.refunds_id = coalesce(new.refunds_id, new.reverses_id)
      and not exists (select from public.budget_transactions u
                      where u.tenant_id = r.tenant_id and u.reverses_id = r.id);
    if new.refunds_id is not null and (
        original.account_id is distinct from new.account_id
        or original.transaction_type <> 'debit' or original.reversed
        or refunded > -original.amount_usd
    ) then
        raise exception 'a refund gives back at most a debit of its own account'
            using errcode = 'check_violation', table = 'budget_transactions',
                  constraint = 'budget_transactions_refunds_id_within';
    end if;
    if new.reverses_id is not null and (
        original.account_id is distinct from new.account_id
        or original.reverses_id is not null or refunded <> 0
        or new.amount_usd <> -original.amount_usd
    ) then
        raise exception 'a reversal undoes the whole of an entry of its own account'
            using errcode = 'check_violation', table = 'budget_transactions',
                  constraint = 'budget_transactions_reverses_id_whole';
    end if;
    return null;
end $$;

-- An account begins with nothing, and no change of its balance stands but that of its last entry.
create function keel.refuse_unentered_balance() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'UPDATE' and new.currency = old.currency and new.user_id = old.user_id
       and new.last_entry_no = old.last_entry_no + 1
       and exists (select from public.budget_transactions e
                   where e.tenant_id = new.tenant_id and e.account_id = new.id
                     and e.entry_no = new.last_entry_no
                     and e.balance_after_usd = new.balance) then
        return null;
    end if;
    raise exception 'a balance moves by an entry of budget_transactions, and an account keeps whose '
                    'it is and its currency'
        using errcode = 'check_violation', table = 'budget_accounts',
              constraint = 'budget_accounts_balance_entered';
end $$;

-- Sets aside what a new hold is for.
create function keel.hold_budget() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state <> 'open' then
        raise exception 'a hold begins open'
            using errcode = 'check_violation', table = 'budget_holds',
                  constraint = 'budget_holds_state_begins';
    end if;
    update public.budget_accounts a
    set held = a.held + new.amount_usd, updated_at = new.created_at
    where a.tenant_id = new.tenant_id and a.id = new.account_id;
    return null;
end $$;

-- A hold ends once, and lets go of all that it set aside.
create function keel.settle_budget_hold() returns trigger
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
    if old.state <> 'open' or new.state = 'open' or new.amount_usd <> old.amount_usd
       or new.account_id <> old.account_id then
        raise exception 'a hold is settled once, and not changed otherwise'
            using errcode = 'check_violation', table = 'budget_holds',
                  constraint = 'budget_holds_state_settled_once';
    end if;
    update public.budget_accounts a
    set held = a.held - old.amount_usd, updated_at = new.updated_at
    where a.tenant_id = new.tenant_id and a.id = new.account_id;
    return null;
end $$;

revoke all on function keel.number_budget_transaction() from public;
revoke all on function keel.post_budget_transaction() from public;
revoke all on function keel.refuse_unentered_balance() from public;
revoke all on function keel.hold_budget() from public;
revoke all on function keel.settle_budget_hold() from public;
