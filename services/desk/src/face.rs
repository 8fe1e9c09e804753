//! The one page that there is so far, and its health.

use std::net::SocketAddr;

use axum::Router;
use axum::response::Html;
use axum::routing::get;

/// `admin` is where this process answers for its health; the page links there.
pub(crate) fn router(admin: SocketAddr) -> Router {
    let page = status_page(admin);
    Router::new().route("/", get(async move || Html(page))).route("/health", get(async || "ok\n"))
}

fn status_page(admin: SocketAddr) -> String {
    format!(
        r#"<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>知融：知识产权金融服务中心</title>
<style>
body {{ font-family: system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; line-height: 1.7; max-width: 42rem; margin: 4rem auto; padding: 0 1rem; color: #1c2430; }}
h1 {{ font-size: 1.6rem; }}
code {{ background: #eef1f5; padding: 0 .3rem; }}
</style>
</head>
<body>
<h1>知融：知识产权金融服务中心</h1>
<p>服务台已经启动，但业务页面尚未提供。目前请通过 gRPC 接口受理申请，机构通过机构网关查看与答复。</p>
<p>运行状态：</p>
<ul>
<li><a href="/health">本页面所在进程</a></li>
<li><a href="http://{admin}/healthz">进程存活检查</a>（仅在服务器本机可以打开）</li>
<li><a href="http://{admin}/readyz">就绪检查</a>（仅在服务器本机可以打开）</li>
</ul>
<p>命令行：<code>zhirong healthcheck http://{admin}</code></p>
</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::status_page;

    #[test]
    fn the_page_says_that_the_pages_are_not_there_yet_and_links_to_health() {
        let page = status_page(([127, 0, 0, 1], 7490).into());
        assert!(page.contains("业务页面尚未提供"));
        assert!(page.contains(r#"href="/health""#));
        assert!(page.contains(r#"href="http://127.0.0.1:7490/readyz""#));
    }
}
