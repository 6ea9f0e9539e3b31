"""The structured data of a model page for search engines, as schema.org's JSON-LD."""

from collections.abc import Iterable
from typing import Any

from app.catalog.lookup import ModelPage
from app.leaderboards.views.boards import BoardView
from app.leaderboards.views.faq import Question


def model_data(
    model: ModelPage, questions: Iterable[Question], base: str, pictures: Iterable[str]
) -> dict[str, Any]:
    """Describe the model as a product with offers, path and questions; nothing the page does not say."""
    url = f"{base}/models/{model.slug}"
    asked = [
        {
            "@type": "Question",
            "name": item.question,
            "acceptedAnswer": {"@type": "Answer", "text": item.answer},
        }
        for item in questions
    ]
    graph: list[dict[str, Any]] = [
        _product(model, url, [f"{base}{path}" for path in pictures]),
        _path(model, base),
    ]
    if asked:
        graph.append({"@type": "FAQPage", "@id": f"{url}#faq", "mainEntity": asked})
    return {"@context": "https://schema.org", "@graph": graph}


def board_data(view: BoardView, name: str, base: str) -> dict[str, Any]:
    """Describe a board as a page with the list of its ranked models, best first, and when it was computed."""
    ranked = [row for row in view.standings if row.rank is not None]
    items = [
        {"@type": "ListItem", "position": n, "name": row.model.name, "url": f"{base}/models/{row.model.slug}"}
        for n, row in enumerate(ranked, 1)
    ]
    page: dict[str, Any] = {"@context": "https://schema.org", "@type": "WebPage", "name": f"{name} leaderboard"}
    if view.run:
        page["dateModified"] = view.run.computed_at.isoformat(timespec="seconds")
    main = {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items}
    return page | {"url": f"{base}/leaderboards/{view.key}", "image": f"{base}/card.png", "mainEntity": main}


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
        "highPrice": max([model.price_from.micros, *prices]) / 1_000_000,
        "offerCount": len(model.offerings),
        "availability": f"https://schema.org/{'InStock' if on_sale else 'Discontinued'}",
    }


def _path(model: ModelPage, base: str) -> dict[str, Any]:
    steps = [("Models", f"{base}/models"), (model.name, f"{base}/models/{model.slug}")]
    items = [
        {"@type": "ListItem", "position": n, "name": name, "item": url} for n, (name, url) in enumerate(steps, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}
