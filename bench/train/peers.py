"""A contender in Python: `python peers.py torch|compile|jax|keras`.

Reads one task per line and answers with its measurements."""

import json
import os
import resource
import sys
import time
from statistics import median_high

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import numpy as np

kind, examples, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
random = np.random.default_rng(1)
data = random.random((examples, 784), dtype="float32")


def torch_steps(task, compiled):
    import torch
    from torch import nn

    widths, batch, objective = task["widths"], task["batch"], task["objective"]
    x = torch.from_numpy(data)
    layers = [nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
    model = nn.ModuleList(layers)
    half = len(layers) // 2
    adam = torch.optim.Adam(model.parameters(), rate, fused=compiled)

    def loss(x):
        h = x + 0.3 * torch.randn_like(x) if objective == "noise" else x
        more = 0.0
        for i, layer in enumerate(layers):
            h = layer(h)
            if i < len(layers) - 1:
                h = torch.sigmoid(h) if objective == "kl" and i == half - 1 else torch.relu(h)
            if i == half - 1 and objective == "l1":
                more = 1e-3 * h.abs().sum() / len(x)
            if i == half - 1 and objective == "kl":
                p = h.mean(0)
                more = 0.1 * (0.05 * (0.05 / p).log() + 0.95 * (0.95 / (1 - p)).log()).sum()
        return ((h - x) ** 2).sum(1).mean() + more

    f = torch.compile(loss) if compiled else loss
    while True:
        order = torch.randperm(examples)
        for i in range(0, examples, batch):
            value = f(x[order[i : i + batch]])
            adam.zero_grad()
            value.backward()
            adam.step()
            yield value.item()


def jax_steps(task):
    import jax
    import jax.numpy as jnp

    widths, batch, objective = task["widths"], task["batch"], task["objective"]
    half = (len(widths) - 1) // 2
    weights = [
        (jnp.asarray(random.standard_normal((a, b), dtype="float32") / a**0.5), jnp.zeros(b))
        for a, b in zip(widths, widths[1:])
    ]

    def loss(weights, x, key):
        h = x + 0.3 * jax.random.normal(key, x.shape) if objective == "noise" else x
        more = 0.0
        for i, (w, b) in enumerate(weights):
            h = h @ w + b
            if i < len(weights) - 1:
                h = jax.nn.sigmoid(h) if objective == "kl" and i == half - 1 else jax.nn.relu(h)
            if i == half - 1 and objective == "l1":
                more = 1e-3 * jnp.abs(h).sum() / len(x)
            if i == half - 1 and objective == "kl":
                p = h.mean(0)
                more = 0.1 * (0.05 * jnp.log(0.05 / p) + 0.95 * jnp.log(0.95 / (1 - p))).sum()
        return ((h - x) ** 2).sum(1).mean() + more

    def step(weights, m, v, t, x, key):
        value, g = jax.value_and_grad(loss)(weights, x, jax.random.fold_in(key, t.astype("int32")))
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        a, b = 1 - 0.9**t, 1 - 0.999**t
        new = jax.tree.map(
            lambda w, m, v: w - rate * (m / a) / (jnp.sqrt(v / b) + 1e-7), weights, m, v
        )
        return new, m, v, value

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    m, v, t = jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), 0
    key = jax.random.key(1)
    while True:
        order = random.permutation(examples)
        for i in range(0, examples, batch):
            t += 1
            weights, m, v, value = step(
                weights, m, v, jnp.float32(t), data[order[i : i + batch]], key
            )
            yield float(value)


def keras_model(task):
    import keras
    from keras import ops

    widths, objective = task["widths"], task["objective"]
    half = (len(widths) - 1) // 2

    class Sparsity(keras.layers.Layer):
        def call(self, h):
            p = ops.mean(h, 0)
            self.add_loss(0.1 * ops.sum(0.05 * ops.log(0.05 / p) + 0.95 * ops.log(0.95 / (1 - p))))
            return h

    layers = [keras.Input((widths[0],))]
    if objective == "noise":
        layers.append(keras.layers.GaussianNoise(0.3))
    for i, width in enumerate(widths[1:], 1):
        code, last = i == half, i == len(widths) - 1
        activation = None if last else "sigmoid" if code and objective == "kl" else "relu"
        regularizer = keras.regularizers.L1(1e-3) if code and objective == "l1" else None
        layers.append(
            keras.layers.Dense(width, activation=activation, activity_regularizer=regularizer)
        )
        if code and objective == "kl":
            layers.append(Sparsity())
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(rate), loss=lambda x, y: ops.sum(ops.square(y - x), -1))
    return model


def keras_measure(model, task, seconds):
    """Keras's own loop: epochs of 20 steps, timed between callbacks to exclude entering fit."""
    import keras

    ends = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.begin, self.cpu = time.perf_counter(), time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            ends.append(
                (time.perf_counter() - self.begin, time.process_time() - self.cpu, logs["loss"])
            )

    few = data[: 20 * task["batch"]]
    begin = time.perf_counter()
    while not ends or time.perf_counter() - begin < seconds:
        model.fit(few, few, batch_size=task["batch"], epochs=4, verbose=0, callbacks=[Clock()])

    elapsed, cpu, losses = zip(*ends)
    return len(few) / median_high(elapsed), len(few) / median_high(cpu), losses[-1]


runs = {}
for line in sys.stdin:
    task = json.loads(line)
    name = task["name"]
    if kind == "keras":
        if name not in runs:
            runs[name] = keras_model(task)
        per_second, per_cpu_second, loss = keras_measure(runs[name], task, task["seconds"])
    else:
        if name not in runs:
            runs[name] = jax_steps(task) if kind == "jax" else torch_steps(task, kind == "compile")
        steps, done = runs[name], 0
        next(steps)
        begin, cpu = time.perf_counter(), time.process_time()
        while time.perf_counter() - begin < task["seconds"] or done == 0:
            loss = next(steps)
            done += 1
        samples = done * task["batch"]
        per_second = samples / (time.perf_counter() - begin)
        per_cpu_second = samples / (time.process_time() - cpu)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speed = {"perSecond": per_second, "perCpuSecond": per_cpu_second}
    print(json.dumps({**speed, "loss": float(loss), "megabytes": megabytes}), flush=True)
