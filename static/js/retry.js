// The page that says the portal cannot reach its data: asks again every ten seconds and comes back when it can.
setInterval(async () => {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (answer.status !== 503) location.assign(location.href);
  } catch {
    // still away
  }
}, 10000);
