//! The pools of people among whom leads are distributed. How that is done is
//! [`lead_assignment`](super::lead_assignment)'s.

pub use entity::leads::{
    distribution::{Model, Strategy},
    distribution_member::Model as Member,
};
use entity::{
    id::{DistributionMemberId, DistributionPoolId, UserId},
    leads::{
        distribution::{ActiveModel, Entity},
        distribution_member::{self, Column},
    },
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use validator::Validate;

use crate::{Error, Result, Tx, input, tenancy::user};

/// A pool to be opened.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What it is called, unique within the tenant.
    #[validate(custom(function = input::named), length(max = 100))]
    pub name: String,
    /// How leads are distributed, unless somebody says otherwise; not by hand.
    pub strategy: Strategy,
}

/// Opens a pool, of nobody yet.
///
/// # Errors
///
/// [`Error::Conflict`] if there is one of that name; [`Error::Invalid`].
#[tracing::instrument(name = "distribution::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    decides(new.strategy)?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(DistributionPoolId::new()),
        name: Set(new.name),
        strategy: Set(new.strategy),
        active: Set(true),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    })
    .await
}

/// Refuses a strategy by which nothing is decided.
pub(super) fn decides(strategy: Strategy) -> Result<()> {
    match strategy {
        Strategy::Manual => Err(Error::invalid("strategy", "somebody has to choose: say whom")),
        _ => Ok(()),
    }
}

/// One pool.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such pool.
#[tracing::instrument(name = "distribution::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: DistributionPoolId) -> Result<Model> {
    tx.get::<Entity>(id).await?.ok_or(Error::NotFound("pool"))
}

/// Says how a pool distributes, and whether it does.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such pool; [`Error::Invalid`] if nothing is decided by the
/// strategy.
#[tracing::instrument(name = "distribution::set", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set(
    tx: &Tx,
    id: DistributionPoolId,
    strategy: Strategy,
    active: bool,
) -> Result<Model> {
    decides(strategy)?;
    let mut row = get(tx, id).await?.into_active_model();
    row.strategy = Set(strategy);
    row.active = Set(active);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Somebody who takes leads of a pool, and which.
#[derive(Clone, Debug, Validate)]
pub struct Join {
    /// Who.
    pub user: UserId,
    /// How many leads for each one of whoever has 1; 1 to 100.
    #[validate(range(min = 1, max = 100))]
    pub weight: i32,
    /// How many active leads they may have at once; `None`: as many as the tenant allows.
    #[validate(range(min = 0, max = 100_000))]
    pub max_active: Option<i32>,
    /// The states that are theirs, up to 100; case does not matter.
    #[validate(length(max = 100))]
    pub states: Vec<String>,
    /// What they can do, up to 50; case does not matter.
    #[validate(length(max = 50))]
    pub skills: Vec<String>,
}

impl Join {
    /// Somebody like any other.
    #[must_use]
    pub fn plain(user: UserId) -> Self {
        Self { user, weight: 1, max_active: None, states: vec![], skills: vec![] }
    }
}

/// Lets somebody take leads of a pool, or changes which. Whoever is new is owed as little as whoever
/// has just had a turn.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such pool or nobody such; [`Error::Invalid`].
#[tracing::instrument(name = "distribution::join", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn join(tx: &Tx, pool: DistributionPoolId, join: Join) -> Result<Member> {
    input::check(&join)?;
    let states = words("states", &join.states, str::to_uppercase)?;
    let skills = words("skills", &join.skills, str::to_lowercase)?;
    locked(tx, pool).await?;
    user::get(tx, join.user).await?;
    let mut row = match found(tx, pool, join.user).await? {
        Some(member) => member.into_active_model(),
        None => distribution_member::ActiveModel {
            tenant_id: Set(tx.context().tenant),
            id: Set(DistributionMemberId::new()),
            pool_id: Set(pool),
            user_id: Set(join.user),
            owed: Set(0),
            assigned_count: Set(0),
            last_assigned_at: Set(None),
            created_at: Set(tx.now()),
            ..Default::default()
        },
    };
    let is_new = row.pool_id.is_set();
    row.weight = Set(join.weight);
    row.max_active = Set(join.max_active);
    row.states = Set(states);
    row.skills = Set(skills);
    row.active = Set(true);
    row.updated_at = Set(tx.now());
    if is_new { tx.insert(row).await } else { tx.update(row).await }
}

/// Ends somebody's taking leads of a pool, until they [`join`] again. What they have stays theirs.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such pool, or they are not of it.
#[tracing::instrument(name = "distribution::leave", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn leave(tx: &Tx, pool: DistributionPoolId, user: UserId) -> Result<Member> {
    locked(tx, pool).await?;
    let member = found(tx, pool, user).await?.ok_or(Error::NotFound("member"))?;
    let mut row = member.into_active_model();
    row.active = Set(false);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}

/// Everybody of a pool, those who have left too, in the order of their ids.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such pool.
#[tracing::instrument(name = "distribution::members", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn members(tx: &Tx, pool: DistributionPoolId) -> Result<Vec<Member>> {
    get(tx, pool).await?;
    let found = tx
        .find::<distribution_member::Entity>() // served by distribution_members_once
        .filter(Column::PoolId.eq(pool))
        .order_by_asc(Column::UserId)
        .all(tx)
        .await?;
    tracing::Span::current().record("rows", found.len());
    Ok(found)
}

/// A pool, from which nobody else distributes until the transaction ends.
pub(super) async fn locked(tx: &Tx, id: DistributionPoolId) -> Result<Model> {
    use entity::leads::distribution::Column;
    let found = tx.find::<Entity>().filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound("pool"))
}

async fn found(tx: &Tx, pool: DistributionPoolId, user: UserId) -> Result<Option<Member>> {
    let of = tx.find::<distribution_member::Entity>(); // served by distribution_members_once
    Ok(of.filter(Column::PoolId.eq(pool)).filter(Column::UserId.eq(user)).one(tx).await?)
}

/// Words of one case, each once, in order of the alphabet.
pub(super) fn words(
    field: &'static str,
    words: &[String],
    case: fn(&str) -> String,
) -> Result<Vec<String>> {
    let mut said = vec![];
    for word in words {
        input::text(field, word, 50)?;
        said.push(case(word.trim()));
    }
    said.sort();
    said.dedup();
    Ok(said)
}
