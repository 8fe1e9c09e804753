//! Why this service refuses, beyond the reasons that every role shares.

rpc::reason_table! {
    /// Figures as known at a time that has not come.
    TIME_IN_FUTURE = InvalidArgument, "时间不能晚于现在，请核对后更正。";
    /// The last day lies before the first.
    RANGE_REVERSED = InvalidArgument, "上限小于下限，请更正后重新提交。";
    /// More days than one answer has.
    SPAN_TOO_LONG = InvalidArgument, "日期范围超过400天，请缩短范围，或分段查询。";
    /// The figures are being computed anew already.
    REBUILD_RUNNING = Aborted, retryable, "统计数据正在重新计算，请稍后用同一 request_id 重试，查看结果。";
}
