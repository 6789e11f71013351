-- Everything that the tables of schema public consist of, one object per row. What each kind's
-- parts mean stands in catalog.rs. Definitions are the pretty ones, which leave out the schema
-- that the search path already finds.
with tables as (
    select c.oid, quote_ident(c.relname) as name, c.relowner, c.relacl, c.relrowsecurity,
        c.relforcerowsecurity
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
      and c.relkind in ('r', 'p')
      and not c.relispartition -- partitions are made as time goes by, not by migrations
      and c.relname <> 'seaql_migrations'
      and not exists (
          select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select 'table' as kind, t.name as table_name, t.name as name, 0 as place,
    array[
        quote_ident(pg_get_userbyid(t.relowner)),
        t.relrowsecurity::text,
        t.relforcerowsecurity::text,
        coalesce(pg_get_partkeydef(t.oid), '')
    ] as parts
from tables t
union all
select 'column', t.name, quote_ident(a.attname), a.attnum::int,
    array[
        format_type(a.atttypid, a.atttypmod) || case
            when a.attcollation <> y.typcollation
            then ' collate ' || a.attcollation::regcollation::text
            else '' end,
        a.attnotnull::text,
        case
            when a.attgenerated <> '' then 'generated'
            when a.attidentity = 'a' then 'always'
            when a.attidentity = 'd' then 'by default'
            when d.oid is not null then 'default'
            else '' end,
        coalesce(pg_get_expr(d.adbin, d.adrelid, true), '')
    ]
from tables t
join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
select 'constraint', t.name, quote_ident(r.conname), 0,
    array[
        pg_get_constraintdef(r.oid, true),
        r.contype::text,
        coalesce(p.name, ''),
        coalesce(quote_ident(k.relname), '')
    ]
from tables t
join pg_constraint r on r.conrelid = t.oid and r.contype in ('p', 'u', 'c', 'x', 'f')
left join tables p on p.oid = r.confrelid
left join pg_class k on k.oid = r.conindid and r.contype = 'f'
where r.conparentid = 0
union all
select 'index', t.name, quote_ident(c.relname), 0, array[pg_get_indexdef(c.oid, 0, true)]
from tables t
join pg_index i on i.indrelid = t.oid
join pg_class c on c.oid = i.indexrelid
where not exists (
    select from pg_constraint r
    where r.conindid = i.indexrelid and r.contype in ('p', 'u', 'x'))
union all
select 'policy', t.name, quote_ident(p.polname), 0,
    array[
        p.polpermissive::text,
        case p.polcmd
            when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
            when 'd' then 'delete' else 'all' end,
        (select string_agg(case r when 0 then 'public' else quote_ident(pg_get_userbyid(r)) end,
            ', ' order by pg_get_userbyid(r)) from unnest(p.polroles) r),
        coalesce(pg_get_expr(p.polqual, p.polrelid, true), ''),
        coalesce(pg_get_expr(p.polwithcheck, p.polrelid, true), '')
    ]
from tables t
join pg_policy p on p.polrelid = t.oid
union all
select 'trigger', t.name, quote_ident(g.tgname), 0, array[pg_get_triggerdef(g.oid, true)]
from tables t
join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
union all
select 'grant', t.name,
    case x.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end, 0,
    array_agg(distinct lower(x.privilege_type))
from tables t
cross join aclexplode(t.relacl) x
where x.grantee <> t.relowner
group by t.name, x.grantee
