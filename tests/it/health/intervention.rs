//! What to do about clients who call less than they used to, fall into a bad zone, or change hands.

mod due;
mod outcome;
mod send;

use integration::World;
use service::{
    Context, Result, Tx,
    health::intervention::{self, Due, Model},
};

use super::client_health_score::{client, compute};

/// Logs what is due.
pub async fn open_due(world: &World, who: &Context) -> Vec<Model> {
    world.run_as(who, async |tx| intervention::open_due(tx, &Due::default()).await).await
}

/// A client in the red zone who was never seen, with one to four sessions left: a renewal.
pub async fn red(tx: &Tx, address: &str) -> Result<()> {
    client(tx, address, &[], 3).await
}

/// One intervention of one client, of the red zone.
pub async fn logged(world: &World) -> Model {
    world.run(async |tx| red(tx, "kim@a.example").await).await;
    compute(world, &world.context).await;
    open_due(world, &world.context).await.remove(0)
}
