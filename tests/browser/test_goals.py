"""The page Goals in a real browser: sliders that are dragged, links that are handed on, plans that outlast a reload."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Theme, Visit, pick, settle
from tests.browser.test_worth import SCREENS, SHOPS, usable

GIFT = "goals?shop=Sample+shop%3A+gifts"
TARGET, WELCOME = "Goal: so many of them order again in time", "Welcome and thank-you after the first order"

NAME = "Half & half: 50 % ~ [x](y)"
SHOWN = NAME.replace("~", "")  # the link ends a name with it
COLOUR = "box => getComputedStyle(box.querySelector('[data-testid^=stAlertContent]')).color"


def slider(page: Page, name: str) -> Locator:
    """The control itself, which the keyboard moves; what the mouse drags stands around it."""
    return page.get_by_role("slider", name=name)


def value(page: Page, name: str) -> float:
    return float(slider(page, name).input_value())


def drag(page: Page, name: str, to: float) -> None:
    """Drag the handle with the mouse as near as a pixel allows, then go on with the arrow keys."""
    handle = slider(page, name)
    handle.scroll_into_view_if_needed()
    low, high, step = (float(handle.get_attribute(side) or 0) for side in ("min", "max", "step"))
    rail = page.get_by_test_id("stSlider").filter(has=handle).get_by_test_id("stSliderTickBar").bounding_box()
    thumb = page.get_by_test_id("stSlider").filter(has=handle).get_by_test_id("stSliderThumbValue").locator("..")
    place = thumb.bounding_box()
    assert rail and place
    y = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(rail["x"] + rail["width"] * (to - low) / (high - low), y, steps=8)
    page.mouse.up()
    dragged = value(page, name)
    assert dragged == pytest.approx(to, abs=0.02 * (high - low) + step), "the mouse moves the handle"
    for _ in range(round(abs(to - dragged) / step)):
        handle.press("ArrowRight" if dragged < to else "ArrowLeft")
    assert value(page, name) == pytest.approx(to)


def sentence(page: Page) -> str:
    return page.get_by_test_id("stMain").get_by_role("heading", level=2).first.inner_text().replace("\u00a0", " ")


def figures(page: Page) -> list[str]:
    """All that the page says of the plan: its sentence, the verdict, the cards and what would have to be true."""
    settle(page)
    expect(page.get_by_role("heading", name="How good is the forecast?")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    expect(page.get_by_test_id("stMain").get_by_role("listitem").nth(4)).to_be_visible()
    return [
        sentence(page),
        verdict(page).inner_text(),
        *page.get_by_test_id("stMetric").all_inner_texts(),
        *truths(page),
    ]


def verdict(page: Page) -> Locator:
    """The coloured box; what a move changed is told in another one."""
    return page.locator("[data-testid=stAlert]:not(:has([data-testid=stAlertContentInfo]))")


def kept(page: Page, does: str, place: int = 0) -> Locator:
    """The button that opens or drops a plan that was kept."""
    return page.locator(f".st-key-{does}_{place}").get_by_role("button")


def truths(page: Page) -> list[str]:
    return page.get_by_test_id("stMain").get_by_role("listitem").all_inner_texts()


def fan(page: Page) -> str:
    """The picture of the rates, as it is drawn."""
    drawing = page.get_by_test_id("stVegaLiteChart").nth(1).locator("svg").first
    expect(drawing).to_be_visible()
    return drawing.inner_html()


@pytest.mark.parametrize(("width", "theme"), SCREENS, ids=["desk, light", "phone, dark"])
@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS.keys())
def test_the_page_fits_its_screen(server: str, visit: Visit, shop: str, width: int, theme: Theme) -> None:
    page = visit(f"{server}/goals?{shop}", width, theme)
    expect(page.get_by_role("heading", name="Goals", level=1)).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("heading", level=2).first).to_be_in_viewport()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(3)
    usable(page, width)


def test_a_target_that_is_dragged_out_of_reach_is_told_so(server: str, visit: Visit) -> None:
    page = visit(f"{server}/{GIFT}&target=0.1")
    expect(verdict(page)).to_contain_text("needs nothing")
    fine = verdict(page).evaluate(COLOUR)
    drag(page, TARGET, 0.5)
    expect(verdict(page)).to_contain_text("50 % by Jun 2027 is something nobody has been seen doing")
    assert "the chance is under 1 %" in sentence(page)
    assert verdict(page).evaluate(COLOUR) != fine
    page.wait_for_url("**target=0.5**")
    drag(page, TARGET, 0.1)
    expect(verdict(page)).to_contain_text("needs nothing")


def test_a_lever_that_is_moved_changes_sentence_picture_and_link_and_the_link_says_the_same(
    server: str, visit: Visit
) -> None:
    page = visit(f"{server}/{GIFT}&target=0.12")
    before, drawn = sentence(page), fan(page)
    drag(page, WELCOME, 0.25)
    page.wait_for_url(re.compile(r"do_welcome=0\.25"))
    expect(page.get_by_test_id("stMain").get_by_role("heading", level=2).first).not_to_have_text(before)
    settle(page)
    page.wait_for_function(
        "old => document.querySelectorAll('[data-testid=stVegaLiteChart]')[1].querySelector('svg').innerHTML !== old",
        arg=drawn,
    )
    again = visit(page.url)
    assert figures(again) == figures(page)
    assert (value(again, TARGET), value(again, WELCOME)) == (0.12, 0.25)


def test_the_link_of_a_page_that_was_played_with_says_what_the_page_says(server: str, visit: Visit) -> None:
    page = visit(f"{server}/{GIFT}")
    page.get_by_role("radio", name="90 days").click()
    settle(page)
    page.wait_for_url("**within=90**")
    drag(page, "Margin", 0.5)
    settle(page)
    again = visit(page.url)
    assert figures(again) == figures(page)


def test_the_keyboard_moves_a_slider_by_a_step(server: str, visit: Visit) -> None:
    page = visit(f"{server}/{GIFT}&target=0.12")
    slider(page, WELCOME).press("ArrowLeft")
    page.wait_for_url(re.compile(r"do_welcome=0\.95"))
    settle(page)
    assert value(page, WELCOME) == 0.95


def test_a_plan_that_was_kept_is_there_after_a_reload_and_in_a_link(server: str, visit: Visit) -> None:
    page = visit(f"{server}/{GIFT}&target=0.12&do_welcome=0.5")
    whole = figures(page)
    page.get_by_role("textbox", name="Name").fill(NAME)
    page.get_by_role("textbox", name="Name").press("Enter")
    settle(page)
    page.get_by_role("button", name="Keep the plan on screen").click()
    expect(kept(page, "open")).to_have_count(1)
    page.wait_for_url("**plan=**")
    drag(page, WELCOME, 1.0)
    settle(page)
    page.reload()
    settle(page)
    other = visit(page.url)
    for here in (page, other):
        expect(kept(here, "open")).to_have_count(1)
        expect(here.get_by_test_id("stMarkdown").get_by_text(SHOWN, exact=True)).to_be_visible()
        kept(here, "open").click()
        expect(slider(here, WELCOME)).to_have_value("0.5")
        assert figures(here) == whole
        kept(here, "drop").click()
        expect(kept(here, "open")).to_have_count(0)
        expect(here).not_to_have_url(re.compile("plan="))


def test_a_number_behind_a_lever_is_changed_and_stays_after_a_reload(server: str, visit: Visit) -> None:
    page = visit(f"{server}/{GIFT}&target=0.12")
    before = figures(page)
    page.get_by_text("The numbers behind the levers").click()
    pick(page.get_by_role("combobox", name="Lever", exact=True), page.get_by_role("option", name=WELCOME))
    # The form of the lever that was shown before has the same fields: wait until this lever's numbers stand there.
    form = page.get_by_test_id("stForm").filter(has_text=WELCOME)
    expect(form).to_be_visible()
    field = form.get_by_role("spinbutton", name="Cost once (EUR)")
    field.fill("9000")
    field.press("Tab")
    form.get_by_role("button", name="Use these numbers").click()
    page.wait_for_url("**set=welcome**")
    page.wait_for_function(
        "before => [...document.querySelectorAll('[data-testid=stMetric]')]"
        ".some(card => !before.includes(card.innerText))",
        arg=before,
    )
    changed = figures(page)
    assert changed != before
    page.reload()
    assert figures(page) == changed


def test_a_plan_in_a_file_comes_back_as_it_was(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/{GIFT}&target=0.12&do_welcome=0.5&margin_of_plan=0.6")
    page.get_by_text("The numbers behind the levers").click()
    with page.expect_download() as arriving:
        page.get_by_role("button", name="This plan (JSON)").click()
    file = tmp_path / arriving.value.suggested_filename
    arriving.value.save_as(file)
    other = visit(f"{server}/{GIFT}")
    assert figures(other) != figures(page)
    other.get_by_text("The numbers behind the levers").click()
    other.locator("input[type=file]").set_input_files(file)
    other.get_by_role("button", name="Open “My plan”").click()
    expect(slider(other, WELCOME)).to_have_value("0.5")
    assert figures(other) == figures(page)
