"""The structured data of public pages for search engines, as schema.org's JSON-LD."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.catalog.lookup import ModelPage
from app.catalog.pricing import MICROS
from app.leaderboards.views.boards import BoardView
from app.leaderboards.views.faq import Question


def model_data(
    model: ModelPage, questions: Iterable[Question], base: str, pictures: Iterable[str], changed: datetime | None
) -> dict[str, Any]:
    """
    Describe the model as a product with offers, path and questions, and its page; nothing the page does not say.

    Where no picture of it may be shown, its card stands for it.
    """
    url = f"{base}/models/{model.slug}"
    card = f"{url}/card.png"
    asked = [
        {
            "@type": "Question",
            "name": item.question,
            "acceptedAnswer": {"@type": "Answer", "text": item.answer},
        }
        for item in questions
    ]
    graph: list[dict[str, Any]] = [
        _product(model, url, [f"{base}{path}" for path in pictures] or [card]),
        _path(model, base),
        _page(model.name, url, card, changed) | {"@id": f"{url}#page", "mainEntity": {"@id": url}},
    ]
    if asked:
        graph.append({"@type": "FAQPage", "@id": f"{url}#faq", "mainEntity": asked})
    return {"@context": "https://schema.org", "@graph": graph}


def board_data(view: BoardView, name: str, base: str, path: str | None = None) -> dict[str, Any]:
    """
    Describe a board as a page with the list of its ranked models, best first, and when it was computed.

    The page is the board's own unless its `path` is given.
    """
    ranked = [row for row in view.standings if row.rank is not None]
    items = [
        {"@type": "ListItem", "position": n, "name": row.model.name, "url": f"{base}/models/{row.model.slug}"}
        for n, row in enumerate(ranked, 1)
    ]
    main = {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items}
    changed = view.run.computed_at if view.run else None
    page = page_data(f"{name} leaderboard", f"{base}{path or f'/leaderboards/{view.key}'}", base, changed)
    return page | {"mainEntity": main}


def charts_data(view: BoardView, name: str, base: str) -> dict[str, Any]:
    """Describe the charts of a board as a page about a data set that the API gives as CSV."""
    category = f"?category={view.category.slug}" if view.category else ""
    changed = view.run.computed_at if view.run else None
    page = page_data(f"{name} landscape", f"{base}/charts/{view.mode}{category}", base, changed)
    file = {
        "@type": "DataDownload",
        "encodingFormat": "text/csv",
        "contentUrl": f"{base}/api/v1/leaderboards/{view.key}?format=csv",
    }
    about = f"{name}: ratings of image models by blind votes, with prices and seconds an image"
    data = {"@type": "Dataset", "name": f"{name} leaderboard", "description": about, "distribution": [file]}
    return page | {"mainEntity": data | ({"dateModified": page["dateModified"]} if changed else {})}


def comparison_data(a: ModelPage, b: ModelPage, base: str, changed: datetime | None) -> dict[str, Any]:
    """Describe the page of two models, whichever way round they were asked for."""
    one, other = sorted((a, b), key=lambda model: model.slug)
    about = [
        {"@type": "Product", "@id": f"{base}/models/{model.slug}", "name": model.name} for model in (one, other)
    ]
    page = page_data(f"{a.name} or {b.name}", f"{base}/compare/{one.slug}/{other.slug}", base, changed)
    return page | {"about": about}


def page_data(name: str, url: str, base: str, changed: datetime | None) -> dict[str, Any]:
    """Describe a page with its picture and when it changed: None for when this version was installed."""
    return {"@context": "https://schema.org"} | _page(name, url, f"{base}/card.png", changed)


def _page(name: str, url: str, image: str, changed: datetime | None) -> dict[str, Any]:
    modified = (changed or installed_at()).isoformat(timespec="seconds")
    return {"@type": "WebPage", "name": name, "url": url, "image": image, "dateModified": modified}


@cache
def installed_at() -> datetime:
    """Return when this version was put here, in UTC: pages that no vote changes have changed then."""
    return datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)


def _product(model: ModelPage, url: str, pictures: list[str]) -> dict[str, Any]:
    known = {
        "description": model.tagline,
        "brand": {"@type": "Brand", "name": model.creator} if model.creator else None,
        "releaseDate": model.released,
        "keywords": ", ".join(model.tags),
        "image": pictures,
        "offers": _offers(model),
    }
    stated = {name: value for name, value in known.items() if value}
    product = {"@type": "Product", "@id": url, "url": url, "name": model.name, "sku": model.slug}
    return product | {"category": "Image generation model"} | stated


def _offers(model: ModelPage) -> dict[str, Any] | None:
    if model.price_from is None:
        return None
    prices = [price.micros for o in model.offerings for price in o.prices if price.metric == "image"]
    on_sale = model.status != "retired"
    return {
        "@type": "AggregateOffer",
        "priceCurrency": "USD",
        "lowPrice": model.price_from.usd,
        "highPrice": max([model.price_from.micros, *prices]) / MICROS,
        "offerCount": len(model.offerings),
        "availability": f"https://schema.org/{'InStock' if on_sale else 'Discontinued'}",
    }


def _path(model: ModelPage, base: str) -> dict[str, Any]:
    steps = [("Models", f"{base}/models"), (model.name, f"{base}/models/{model.slug}")]
    items = [
        {"@type": "ListItem", "position": n, "name": name, "item": url} for n, (name, url) in enumerate(steps, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}
