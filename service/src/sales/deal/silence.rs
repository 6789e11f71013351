//! The queries that find deals by how long they have been silent.

/// The threshold of each group of deals that have one in common: those that follow their stage, and
/// those with a threshold of their own. Within a group the order is that of an index, so that no
/// more than a page of each is read, however many have stalled and even if none has; but deals that
/// are excused by a planned step are read and passed over.
///
/// `$1` tenant, `$2` time. `expected` is what holds for each stage, `grouped` each group: its stage or,
/// where the threshold is the deals' own, null; its days; since when its deals must be silent.
pub(super) const RULES: &str = "
with recursive own (days) as (
    (select d.stall_after_days from deals d
     where d.tenant_id = $1 and d.stage not in ('won', 'lost') and d.deleted_at is null
       and not d.never_stalls and d.stall_after_days > 0
     order by d.stall_after_days limit 1)
    union all
    select (select d.stall_after_days from deals d
            where d.tenant_id = $1 and d.stage not in ('won', 'lost') and d.deleted_at is null
              and not d.never_stalls and d.stall_after_days > 0 and d.stall_after_days > own.days
            order by d.stall_after_days limit 1)
    from own where own.days is not null
),
expected (stage, never, days, interval_days, most) as materialized (
    select s.stage, coalesce(c.never_stalls, false),
           coalesce(nullif(c.max_days_before_stale, 0), nullif(t.stall_after_days, 0), s.days),
           coalesce(c.follow_up_interval_days, s.interval_days),
           coalesce(c.max_follow_ups, s.most)
    from (values ('lead', 3, 2, 5), ('qualified', 7, 3, 5), ('proposal', 5, 2, 7),
                 ('negotiation', 7, 3, 5)) s (stage, days, interval_days, most)
    join tenants t on t.id = $1
    left join deal_stage_config c on c.tenant_id = $1 and c.stage = s.stage
),
grouped (stage, days, cutoff) as materialized (
    select stage, days, $2::timestamptz - make_interval(hours => 24 * days)
    from expected where not never
    union all
    select null, days, $2::timestamptz - make_interval(hours => 24 * days)
    from own where days is not null
)";

/// Candidates of each group in the order of its index, as far as `filter` lets them through.
/// `filter` may use `d`, a deal, and `g`, its group; those that were silent since before `floor` are
/// left out. What bounds the index is computed for the group beforehand: under row-level security
/// only a plain comparison can use it. Served by `deals_stalled` and `deals_stalled_by_own_rule`.
pub(super) fn candidates(floor: &str, filter: &str, limit: &str) -> String {
    let branch = |whose: &str, own: &str| {
        format!(
            "select d.*, g.days, g.ratio_base from (
                select g.*, 86400.0 * g.days as ratio_base, {floor} as floor
                from grouped g where g.stage {whose} offset 0) g
            cross join lateral (
                select d.* from deals d
                where d.tenant_id = $1 and d.stage not in ('won', 'lost') and d.deleted_at is null
                  and not d.never_stalls and {own}
                  and d.idle_since < g.cutoff and d.idle_since >= g.floor
                  and (d.next_follow_up_at is null or d.next_follow_up_at <= $2) {filter}
                order by d.idle_since, d.value desc nulls last, d.id
                limit {limit}) d"
        )
    };
    let by_stage =
        branch("is not null", "coalesce(d.stall_after_days, 0) = 0 and d.stage = g.stage");
    let by_own = branch("is null", "d.stall_after_days > 0 and d.stall_after_days = g.days");
    format!("{by_stage} union all {by_own}")
}

/// The floor of whoever wants all of a group.
pub(super) const ALWAYS: &str = "'-infinity'::timestamptz";

/// How long a candidate has been silent, in thresholds.
pub(super) const RATIO: &str = "extract(epoch from $2 - d.idle_since) / d.ratio_base";

/// Served by `deals_stalled` and `deals_stalled_by_own_rule`.
///
/// `$3` rows; `$4` to `$8` the cursor: silent since, its threshold, ratio, value or −1, id.
#[must_use]
pub fn stalled_sql() -> String {
    // Within a group, a smaller ratio is a later silence: the cursor bounds the index. A second of
    // slack makes up for rounding, and the exact comparison is in the filter.
    let floor = "coalesce($2 - ($2 - $4::timestamptz) * (g.days::float8 / $5::float8)
                     - interval '1 second', '-infinity')";
    let filter = "and ($8::uuid is null
                   or extract(epoch from $2 - d.idle_since) / g.ratio_base < $6::numeric
                   or (extract(epoch from $2 - d.idle_since) / g.ratio_base = $6::numeric
                       and (coalesce(d.value, -1) < $7::numeric
                            or (coalesce(d.value, -1) = $7::numeric and d.id > $8::uuid))))";
    format!(
        "{RULES},
top as (
    select d.*, {RATIO} as ratio from ({}) d
    order by ratio desc, d.value desc nulls last, d.id limit $3
)
select d.id, d.title, d.stage, d.client_id, d.contact_id, d.value, d.currency, d.last_activity_at,
       d.idle_since, d.next_follow_up_at, d.expected_close_date, d.days, d.ratio, t.time_zone,
       d.auto_follow_up_enabled, d.follow_up_count >= e.most as exhausted,
       k.email is null as no_address, k.deleted_at is not null as gone,
       k.unsubscribed_at is not null as unsubscribed,
       exists (select from dnc_list n where n.tenant_id = $1 and n.removed_at is null
                 and n.phone_number in (k.phone, k.mobile) and (n.expires_at is null or n.expires_at > $2))
           as listed
from top d
join tenants t on t.id = $1
join expected e on e.stage = d.stage
left join contacts k on k.tenant_id = $1 and k.id = d.contact_id
order by d.ratio desc, d.value desc nulls last, d.id",
        candidates(floor, filter, "$3")
    )
}

/// Served by `deals_stalled` and `deals_stalled_by_own_rule`. A deal that somebody else is changing
/// is left to the next sweep.
#[must_use]
pub fn mark_sql() -> String {
    format!(
        "{RULES},
found as materialized (
    select d.id, d.idle_since, d.idle_since + make_interval(hours => 24 * d.days) as since
    from ({}) d limit $3
),
held as materialized (
    select d.id, f.since from found f join deals d on d.tenant_id = $1 and d.id = f.id
    where d.idle_since = f.idle_since and d.stalled_at is null
    order by d.id for update of d skip locked
)
update deals d set stalled_at = h.since, updated_at = $2
from held h where d.tenant_id = $1 and d.id = h.id
returning d.id, d.stalled_at",
        candidates(ALWAYS, "and d.stalled_at is null", "$3")
    )
}
