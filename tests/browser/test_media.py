"""Paper, contrast themes and people who want no movement."""

from playwright.sync_api import expect

from tests.browser.state import E3
from tests.browser.visitor import PHONE

AGENT, ADMIN = "admin-agent@fabrikam.example", "admin@contoso.example"


def test_on_paper_the_customers_page_tells_hours_and_whole_ids(visit, world):
    admin = visit(ADMIN, viewport=PHONE)
    admin.go("/support/?subscription=9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a")
    admin.page.emulate_media(media="print")
    sheet = admin.page.locator(".sheet")

    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Whom to call: Contoso")
    expect(sheet).to_contain_text("3b33e682-5a0d-4c1b-9e7f-6d28a1c054e1")
    drawn = admin.page.evaluate("document.body.innerText")
    for word in ("Open now", "Closed ·", "What is not working?", "Skip to"):
        assert word not in drawn
    assert "24 hours" in drawn  # Fabrikam's hours
    for identity in (
        "a71f3c9e-0d28-47b6-b1c4-5e8f2a6d9013",
        "9c1f0b7e-4a53-4f7c-9d0e-1b6f2c8e4d2a",
        "7d3e5f18-2ac9-4b06-b9d1-8f4c0e6a2175",
    ):
        expect(sheet.get_by_text(identity)).to_be_visible()
    pdf = admin.page.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") == 1, "More than one sheet of paper."


def test_on_paper_other_pages_leave_the_frame_away(visit, world):
    agent = visit(AGENT)
    agent.go(world.urls["Contoso"])
    agent.page.emulate_media(media="print")
    for frame in (".rail", "header.top", ".breadcrumb", ".commands", ".copy"):
        for part in agent.page.locator(frame).all():
            expect(part).to_be_hidden()
    expect(agent.page.get_by_role("heading", name="Subscriptions")).to_be_visible()


def test_in_a_contrast_theme_edges_tell_what_is_chosen(visit, world):
    agent = visit(AGENT, forced_colors="active")
    agent.go(world.urls[f"Contoso: {E3}"])
    agent.page.get_by_role("radio", name="Trey Research").check()
    rows = agent.page.locator(".picker-row").evaluate_all(
        """rows => rows.map((row) => {
          const style = getComputedStyle(row);
          return [row.querySelector("input").checked, style.outlineStyle === "solid" && style.outlineWidth === "2px"];
        })"""
    )
    assert [checked for checked, _marked in rows].count(True) == 1
    assert all(checked == marked for checked, marked in rows)
    current = agent.page.locator(".rail-item[aria-current]")
    assert current.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    agent.go("/customers/?attention=1")
    chips = (
        agent.page.locator(".chip")
        .filter(visible=True)
        .evaluate_all(
            """all => all.map((chip) =>
          [chip.hasAttribute("aria-current"), getComputedStyle(chip).outlineStyle === "solid"])"""
        )
    )
    assert any(current for current, _solid in chips)
    assert all(current == solid for current, solid in chips)


def test_with_reduced_motion_nothing_moves(visit, world):
    for email, path in ((AGENT, world.urls[f"Contoso: {E3}"]), (ADMIN, "/support/"), (AGENT, "/customers/")):
        reader = visit(email, reduced_motion="reduce")
        reader.go(path)
        moving = reader.page.evaluate(
            """[...document.querySelectorAll("*")].filter((node) => {
              const style = getComputedStyle(node);
              const long = (text) => text.split(",").some((each) => parseFloat(each) > 0.01);
              return long(style.transitionDuration)
                || (style.animationName !== "none" && long(style.animationDuration));
            }).map((node) => node.className).slice(0, 5)"""
        )
        assert not moving
        assert reader.page.evaluate("document.getAnimations().length") == 0
