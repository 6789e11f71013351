//! The sample of seed 004 (5.4): ten leads, as the document has them, by the services.
//!
//! Its days are counted back from the context's time. The document writes a history for two of the
//! leads; ours have one each, since nobody can be in a status without having come into it. What it says of
//! scores, assignments and enrolments belongs to the services of those.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{LeadId, SegmentId, UserId},
    leads::lead::{Column, Entity},
};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, sea_query::Expr};
use serde_json::json;
use service::{
    Actor, Context,
    leads::{
        lead::{self, Because, New, Status},
        lead_source_cost::{self, Month},
        segment,
    },
    ledger::{budget_account, budget_transaction},
    outreach::dnc,
    tenancy::user,
};

use crate::{World, populate};

/// What was made.
#[derive(Clone, Debug)]
pub struct TenLeads {
    /// Two partners and an administrator.
    pub users: Vec<UserId>,
    /// The leads, by their numbers from 1 on, less one.
    pub leads: Vec<LeadId>,
    /// Hot leads, and whom to follow up from Facebook.
    pub segments: [SegmentId; 2],
}

struct Row {
    last_name: &'static str,
    phone: &'static str,
    score: i32,
    source: (&'static str, Option<&'static str>),
    tags: &'static [&'static str],
    /// How often, and how many days ago the last time; null: never.
    contacts: (i32, Option<i64>),
    owner: usize,
    /// How many days ago, into which status: the first is `new`.
    history: &'static [(i64, Status)],
}

const ROWS: [Row; 10] = {
    use Status::{Cold, Contacted, Hot, New, Nurturing, Qualified};
    [
        Row {
            last_name: "Smith",
            phone: "+12125551001",
            score: 85,
            source: ("referral", None),
            tags: &["hot", "referral", "executive"],
            contacts: (5, Some(1)),
            owner: 0,
            history: &[(14, New), (13, Contacted), (10, Qualified), (5, Hot)],
        },
        Row {
            last_name: "Johnson",
            phone: "+13105552002",
            score: 78,
            source: ("facebook_ads", Some("campaign_jan_2024")),
            tags: &["hot", "facebook", "young_professional"],
            contacts: (3, Some(2)),
            owner: 0,
            history: &[(7, New), (6, Contacted), (4, Hot)],
        },
        Row {
            last_name: "Davis",
            phone: "+14155553003",
            score: 65,
            source: ("event", Some("la_expo_2024")),
            tags: &["qualified", "event", "needs_followup"],
            contacts: (2, Some(5)),
            owner: 0,
            history: &[(20, New), (5, Qualified)],
        },
        Row {
            last_name: "Wilson",
            phone: "+13125554004",
            score: 70,
            source: ("linkedin", None),
            tags: &["qualified", "linkedin", "professional"],
            contacts: (4, Some(3)),
            owner: 1,
            history: &[(20, New), (3, Qualified)],
        },
        Row {
            last_name: "Brown",
            phone: "+16175555005",
            score: 55,
            source: ("website", None),
            tags: &["nurturing", "website", "warm"],
            contacts: (1, Some(7)),
            owner: 0,
            history: &[(20, New), (7, Nurturing)],
        },
        Row {
            last_name: "Martinez",
            phone: "+17135556006",
            score: 48,
            source: ("facebook_ads", Some("campaign_dec_2023")),
            tags: &["nurturing", "facebook"],
            contacts: (2, Some(14)),
            owner: 1,
            history: &[(20, New), (14, Nurturing)],
        },
        Row {
            last_name: "Anderson",
            phone: "+14805557007",
            score: 40,
            source: ("purchased_list", Some("vendor_a")),
            tags: &["contacted", "cold_lead"],
            contacts: (1, Some(1)),
            owner: 0,
            history: &[(2, New), (1, Contacted)],
        },
        Row {
            last_name: "Thomas",
            phone: "+13035558008",
            score: 0,
            source: ("referral", Some("partner_network")),
            tags: &["new", "referral"],
            contacts: (0, None),
            owner: 1,
            history: &[(1, New)],
        },
        Row {
            last_name: "Moore",
            phone: "+15035559009",
            score: 15,
            source: ("facebook_ads", Some("campaign_nov_2023")),
            tags: &["cold", "facebook"],
            contacts: (5, Some(60)),
            owner: 0,
            history: &[(90, New), (60, Cold)],
        },
        // Comes into `dnc` by the list, below.
        Row {
            last_name: "Taylor",
            phone: "+12065550010",
            score: 0,
            source: ("cold_outreach", None),
            tags: &["dnc"],
            contacts: (1, Some(30)),
            owner: 0,
            history: &[(40, New)],
        },
    ]
};

impl World {
    /// Loads the document's sample for a tenant.
    ///
    /// # Panics
    ///
    /// If a service refuses it.
    pub async fn ten_leads(&self, who: &Context) -> TenLeads {
        let ago = |days: i64| Context { now: who.now - TimeDelta::days(days), ..who.clone() };
        let mut users = vec![];
        for (number, role) in ["partner", "partner", "admin"].into_iter().enumerate() {
            let new = user::New {
                email: populate::email(&format!("user{number}@sample.example")),
                name: format!("User {}", number + 1),
                role: role.to_owned(),
            };
            users.push(self.run_as(&ago(100), async |tx| user::add(tx, new).await).await.id);
        }
        let mut leads = vec![];
        for row in ROWS {
            leads.push(self.lead_of(who, &row, &users).await);
        }
        self.run_as(&ago(30), async |tx| {
            dnc::add(tx, dnc::New::for_good("+12065550010", "lead_requested")).await
        })
        .await;
        self.run_as(who, async |tx| {
            dnc::add(tx, dnc::New::for_good("+18005550011", "admin_added")).await?;
            for (source, cost) in [("facebook_ads", 500), ("event", 1200), ("purchased_list", 150)]
            {
                let month = Month::parse("2024-01").expect("a month");
                let cost = lead_source_cost::New {
                    user_id: Some(users[0]),
                    ..lead_source_cost::New::of(source, month, Decimal::from(cost))
                };
                lead_source_cost::record(tx, cost).await?;
            }
            let account =
                budget_account::open(tx, budget_account::New::of(users[0], "USD")).await?.id;
            let of = |cents: i64, what: &str| {
                budget_transaction::New::of(account, Decimal::new(cents, 2), "USD", what, what)
            };
            budget_transaction::credit(tx, of(10_000, "top up")).await?;
            budget_transaction::debit(tx, of(75, "call")).await?;
            budget_transaction::debit(tx, of(2, "sms")).await?;
            Ok(())
        })
        .await;
        let partner = Context { actor: Actor::User(users[0]), ..who.clone() };
        let since = (who.now - TimeDelta::days(30)).date_naive().to_string();
        let segments = self
            .run_as(&partner, async |tx| {
                let hot = segment::read(json!({
                    "status": ["hot", "qualified"], "lead_score": {"gte": 70},
                    "tags": {"contains_any": ["hot"]},
                }))?;
                let facebook = segment::read(json!({
                    "source": "facebook_ads", "status": ["contacted", "nurturing"],
                    "last_contact": {"gte": since},
                }))?;
                let hot = segment::create(tx, segment::New::private("Hot leads", hot)).await?;
                let new = segment::New::private("Facebook follow-up", facebook);
                Ok([hot.id, segment::create(tx, new).await?.id])
            })
            .await;
        TenLeads { users, leads, segments }
    }

    async fn lead_of(&self, who: &Context, row: &Row, users: &[UserId]) -> LeadId {
        let owner = users[row.owner];
        let at = |days: i64| Context {
            now: who.now - TimeDelta::days(days),
            actor: Actor::User(owner),
            ..who.clone()
        };
        let new = New {
            source: Some(row.source.0.to_owned()),
            sub_source: row.source.1.map(str::to_owned),
            tags: row.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            user_id: Some(owner),
            ..New::named("Sample", row.last_name, row.phone)
        };
        let (first, rest) = row.history.split_first().expect("everybody was new");
        let id = self.run_as(&at(first.0), async |tx| lead::create(tx, new).await).await.id;
        for (days, status) in rest {
            let because = Because::manual(None);
            self.run_as(&at(*days), async |tx| lead::move_to(tx, id, *status, &because).await)
                .await;
        }
        let contact: Option<DateTime<Utc>> =
            row.contacts.1.map(|days| who.now - TimeDelta::days(days));
        self.run_as(who, async |tx| {
            tx.update_many::<Entity>()
                .col_expr(Column::LeadScore, Expr::value(row.score))
                .col_expr(Column::InteractionCount, Expr::value(row.contacts.0))
                .col_expr(Column::LastContactDate, Expr::value(contact).cast_as("timestamptz"))
                .filter(Column::Id.eq(id))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await;
        id
    }
}
