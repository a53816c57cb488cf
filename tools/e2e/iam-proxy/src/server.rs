//! Connections, and the requests that come by them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::proxy::Proxy;

/// Before the next connection is taken, if one could not be.
const NEXT_ACCEPT: Duration = Duration::from_millis(10);
/// More than any request to `DynamoDB` may have.
const LARGEST: usize = 16 << 20;

/// Serves all connections until the process ends.
pub(crate) async fn serve(listener: TcpListener, proxy: Arc<Proxy>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(NEXT_ACCEPT).await;
            continue;
        };
        // Answers are small and have two parts, of which the second would wait.
        let _ = stream.set_nodelay(true);
        let proxy = proxy.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&proxy, request));
            // An error is a connection that the client has cut.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(proxy: &Proxy, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let answer = if let Ok(body) = Limited::new(body, LARGEST).collect().await {
        proxy.answer(Request::from_parts(head, body.to_bytes())).await
    } else {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        answer
    };
    Ok(answer.map(Full::new))
}
