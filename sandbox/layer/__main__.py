"""`python -m sandbox.layer serve`: The Layer's export on this machine, until it is stopped."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sandbox.layer.export import Shape
from sandbox.layer.server import Layer, serving

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """A stand-in for The Layer's REST export."""


@app.command()
def serve(
    feeds: Annotated[Path, typer.Option(help="The folder of CSV feeds.", exists=True)],
    port: Annotated[int, typer.Option(help="0 = any that is free.")] = 0,
    token: Annotated[
        str | None, typer.Option(envvar="LAYER_TOKEN", help="Answer only those who show it.")
    ] = None,
    shape: Annotated[Shape, typer.Option(help="How pages look.")] = Shape.FLAT,
) -> None:
    """Serve a folder of feeds page by page; prints the address, as JSON, once it can be asked.

    Example: python -m sandbox.layer serve --feeds var/feeds --port 0
    """
    layer = Layer(feeds, token=token, shape=shape)
    with serving(layer, port) as address:
        print(json.dumps({"address": address, "export": f"{address}/export/"}), flush=True)
        try:
            layer.stopping.wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    app()
