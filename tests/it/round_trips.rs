//! What a question costs on the wire, counted by somebody in the middle.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use integration::{SERVER, World, populate};
use service::{Db, Options, sales::deal};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How often the client has spoken after the server had.
#[derive(Clone, Default)]
struct Turns {
    spoken: Arc<AtomicU32>,
    clients: Arc<AtomicBool>,
}

impl Turns {
    fn take(&self) -> u32 {
        self.spoken.swap(0, Ordering::SeqCst)
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    said: impl Fn(),
) {
    let mut buffer = vec![0; 65536];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        said();
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Stands between the client and a server, and counts. Its own port.
async fn between(server: String) -> (u16, Turns) {
    let turns = Turns::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let counting = turns.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let (asked, answered) = (counting.clone(), counting.clone());
            tokio::spawn(pass(from_client, to_server, move || {
                if !asked.clients.swap(true, Ordering::SeqCst) {
                    asked.spoken.fetch_add(1, Ordering::SeqCst);
                }
            }));
            tokio::spawn(pass(from_server, to_client, move || {
                answered.clients.store(false, Ordering::SeqCst);
            }));
        }
    });
    (port, turns)
}

#[tokio::test]
async fn a_single_read_takes_two_round_trips_and_a_single_write_three() {
    let world = World::new().await;
    let deal = world
        .run(async |tx| {
            let client = populate::acme(tx).await?;
            deal::open(tx, deal::New::titled(client, "near")).await
        })
        .await;
    let url = SERVER.url_as("keel_app", &world.name);
    let host = url.split('@').nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let (port, turns) = between(host.to_owned()).await;
    let url = url.replace(host, &format!("127.0.0.1:{port}"));
    let options = Options { max_connections: 1, ..Options::default() };
    let db = Db::connect(&url, &options).await.unwrap();

    let mut counted = (0, 0);
    for _ in 0..3 {
        // The first time, the statements are prepared.
        turns.take();
        let context = world.context.clone();
        let found = db.read(context.clone(), async |tx| deal::get(tx, deal.id).await).await;
        counted.0 = turns.take();
        assert_eq!(found.unwrap().id, deal.id);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await; // the end of the read
        turns.take();
        let touch = "update deals set updated_at = updated_at";
        db.run(context, async |tx| {
            Ok(sea_orm::ConnectionTrait::execute_unprepared(tx, touch).await?)
        })
        .await
        .unwrap();
        counted.1 = turns.take();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(counted, (2, 3));
}
