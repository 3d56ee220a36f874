"""Families of 2 layers x 32 with random weights: what judgekit does with each, as docs/backbones.md lists it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from made_up_votes import LABELS
from tiny_backbones import build_bert, byte_level_tokenizer, save_model, save_tokenizer

RIGHT = ""
PADDED = "other numbers when there is padding beside it"
BY_ITSELF = "makes its logits in a way that judgekit does not know"
NO_TEXT = "does not read a text"
PAIR = "is an encoder-decoder or a multimodal model"


class Family(NamedTuple):
    """A model type of transformers."""

    name: str
    model_class: str
    """`AutoModel`, or what else its config is to name."""
    settings: dict[str, Any]
    """Of its config, beside the usual ones."""
    refusal: str = RIGHT
    """What the refusal says; empty where the family is read."""
    replaces: bool = False
    """Whether the settings name all sizes, as the family calls them otherwise."""

    @property
    def is_causal(self) -> bool:
        """Whether its config names a causal LM."""
        return self.model_class == CAUSAL


ENCODER, CAUSAL, SEQ2SEQ = "AutoModel", "AutoModelForCausalLM", "AutoModelForSeq2SeqLM"
_GPT = {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512}
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
_LATENT = {
    "kv_lora_rank": 8, "q_lora_rank": 8, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8,
    "num_key_value_heads": 4, "n_routed_experts": 4, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 2,
    "moe_intermediate_size": 16, "n_shared_experts": 1, "first_k_dense_replace": 1,
}  # fmt: skip
_MAMBA2 = {
    "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1, "mamba_expand": 2,
    "mamba_chunk_size": 16,
}  # fmt: skip
_BART = {
    "d_model": 32, "decoder_layers": 2, "encoder_layers": 2, "decoder_ffn_dim": 64, "encoder_ffn_dim": 64,
    "decoder_attention_heads": 4, "encoder_attention_heads": 4,
}  # fmt: skip
_T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}

ENCODERS = (
    Family("albert", ENCODER, {"embedding_size": 16}),
    Family("bert", ENCODER, {}),
    Family("big_bird", ENCODER, {}),
    Family("camembert", ENCODER, {}),
    Family("convbert", ENCODER, {}, PADDED),
    Family("data2vec-text", ENCODER, {}),
    Family("deberta", ENCODER, {}),
    Family("deberta-v2", ENCODER, {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    Family("distilbert", ENCODER, {}),
    Family("electra", ENCODER, {"embedding_size": 16}),
    Family("ernie", ENCODER, {}),
    Family("esm", ENCODER, {}),
    Family("eurobert", ENCODER, {}),
    Family("flaubert", ENCODER, {"emb_dim": 32, "n_heads": 4, "n_layers": 2}, replaces=True),
    Family("fnet", ENCODER, {}, PADDED),
    Family("funnel", ENCODER, {"d_model": 32, "n_head": 2, "d_head": 16, "d_inner": 64, "block_sizes": [1, 1],
                               "block_repeats": [1, 1], "architectures": ["FunnelModel"]}, PADDED,
           replaces=True),
    Family("gte", ENCODER, {}),
    Family("ibert", ENCODER, {}),
    Family("jina_embeddings_v3", ENCODER, {}),
    Family("layoutlm", ENCODER, {}),
    Family("longformer", ENCODER, {"attention_window": 16}),
    Family("luke", ENCODER, {"entity_vocab_size": 10, "entity_emb_size": 8}),
    Family("megatron-bert", ENCODER, {}),
    Family("mobilebert", ENCODER, {"embedding_size": 16, "intra_bottleneck_size": 16}),
    Family("modernbert", ENCODER, {"local_attention": 16, "global_attn_every_n_layers": 2}),
    Family("mpnet", ENCODER, {}),
    Family("mra", ENCODER, {}),
    Family("nomic_bert", ENCODER, {}),
    Family("nystromformer", ENCODER, {}, PADDED),
    Family("rembert", ENCODER, {"input_embedding_size": 16, "output_embedding_size": 16}),
    Family("roberta", ENCODER, {}),
    Family("roberta-prelayernorm", ENCODER, {}),
    Family("roformer", ENCODER, {}),
    Family("squeezebert", ENCODER, {"embedding_size": 32}),
    Family("tapas", ENCODER, {}, NO_TEXT),
    Family("ultrabert", ENCODER, {}),
    Family("xlm", ENCODER, {"emb_dim": 32, "n_heads": 4, "n_layers": 2}, replaces=True),
    Family("xlm-roberta", ENCODER, {}),
    Family("xmod", ENCODER, {}, NO_TEXT),
    Family("yoso", ENCODER, {}, PADDED),
)  # fmt: skip
CAUSAL_LMS = (
    Family("apertus", CAUSAL, {}),
    Family("arcee", CAUSAL, {}),
    Family("bamba", CAUSAL, {**_MAMBA2, "attn_layer_indices": [1]}),
    Family("bart", CAUSAL, _BART, PADDED),
    Family("bert", CAUSAL, {"is_decoder": True, "pad_token_id": 0}, BY_ITSELF),
    Family("biogpt", CAUSAL, {}),
    Family("bloom", CAUSAL, {}),
    Family("codegen", CAUSAL, _GPT | {"rotary_dim": 4}, replaces=True),
    Family("cohere", CAUSAL, {"logit_scale": 0.25}),
    Family("cohere2", CAUSAL, {"logit_scale": 0.25, "sliding_window": 24}),
    Family("ctrl", CAUSAL, _GPT | {"dff": 64}, replaces=True),
    Family("deepseek_v2", CAUSAL, _LATENT),
    Family("deepseek_v3", CAUSAL, _LATENT),
    Family("diffllama", CAUSAL, {}),
    Family("ernie4_5", CAUSAL, {}),
    Family("exaone4", CAUSAL, {}),
    Family("falcon", CAUSAL, {}),
    Family("falcon_h1", CAUSAL, {"mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 8,
                                 "mamba_n_groups": 1, "mamba_chunk_size": 16, "lm_head_multiplier": 0.5}),
    Family("falcon_mamba", CAUSAL, {"state_size": 8, "time_step_rank": 4}),
    Family("gemma", CAUSAL, {"head_dim": 8}),
    Family("gemma2", CAUSAL, {"head_dim": 8, "sliding_window": 24, "attn_logit_softcapping": 5.0,
                              "final_logit_softcapping": 3.0}),
    Family("gemma3_text", CAUSAL, {"head_dim": 8, "sliding_window": 24}),
    Family("glm", CAUSAL, {"head_dim": 8}),
    Family("glm4", CAUSAL, {"head_dim": 8}),
    Family("gpt2", CAUSAL, _GPT, replaces=True),
    Family("gpt_bigcode", CAUSAL, _GPT, replaces=True),
    Family("gpt_neo", CAUSAL, {"attention_types": [[["global", "local"], 1]], "num_layers": 2, "num_heads": 4,
                               "window_size": 24}),
    Family("gpt_neox", CAUSAL, {}),
    Family("gpt_oss", CAUSAL, {"num_local_experts": 4, "num_experts_per_tok": 2, "head_dim": 8, "sliding_window": 24}),
    Family("gptj", CAUSAL, _GPT | {"rotary_dim": 4}, replaces=True),
    Family("granite", CAUSAL, {"logits_scaling": 4.0}),
    Family("granitemoe", CAUSAL, {"num_local_experts": 4}),
    Family("granitemoehybrid", CAUSAL, {**_MAMBA2, "num_local_experts": 2, "num_experts_per_tok": 1,
                                        "shared_intermediate_size": 32, "layer_types": ["mamba", "attention"]}),
    Family("helium", CAUSAL, {"head_dim": 8}),
    Family("jamba", CAUSAL, {"num_experts": 2, "num_experts_per_tok": 1, "mamba_d_state": 8, "mamba_dt_rank": 4,
                             "use_mamba_kernels": False, "attn_layer_period": 2, "attn_layer_offset": 1}),
    Family("jetmoe", CAUSAL, {"num_local_experts": 4, "num_experts_per_tok": 2, "kv_channels": 8}),
    Family("lfm2", CAUSAL, {"layer_types": ["conv", "full_attention"], "block_multiple_of": 8}),
    Family("llama", CAUSAL, {}),
    Family("mamba", CAUSAL, {"state_size": 8, "time_step_rank": 4}),
    Family("mamba2", CAUSAL, {"num_heads": 8, "head_dim": 8, "state_size": 8, "n_groups": 1, "chunk_size": 16}),
    Family("minimax", CAUSAL, {"num_local_experts": 4, "head_dim": 8, "block_size": 16}),
    Family("mistral", CAUSAL, {"sliding_window": 24}),
    Family("mixtral", CAUSAL, {"num_local_experts": 4}),
    Family("modernbert-decoder", CAUSAL, {"local_attention": 24, "pad_token_id": 0}, BY_ITSELF),
    Family("mpt", CAUSAL, {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 512}, replaces=True),
    Family("nemotron", CAUSAL, {}),
    Family("nemotron_h", CAUSAL, {"hybrid_override_pattern": "M*", "mamba_num_heads": 8, "mamba_head_dim": 8,
                                  "ssm_state_size": 8, "n_groups": 1, "chunk_size": 16, "head_dim": 8}),
    Family("olmo", CAUSAL, {}),
    Family("olmo2", CAUSAL, {}),
    Family("olmo3", CAUSAL, {"sliding_window": 24}),
    Family("olmoe", CAUSAL, {"num_experts": 4, "num_experts_per_tok": 2}),
    Family("openai-gpt", CAUSAL, _GPT, replaces=True),
    Family("opt", CAUSAL, {"ffn_dim": 64, "word_embed_proj_dim": 32}),
    Family("persimmon", CAUSAL, {}),
    Family("phi", CAUSAL, {}),
    Family("phi3", CAUSAL, {"pad_token_id": 0}),
    Family("phimoe", CAUSAL, {"num_local_experts": 4}),
    Family("qwen2", CAUSAL, {"tie_word_embeddings": True}),
    Family("qwen2_moe", CAUSAL, _EXPERTS | {"shared_expert_intermediate_size": 32}),
    Family("qwen3", CAUSAL, {"head_dim": 8}),
    Family("qwen3_moe", CAUSAL, _EXPERTS | {"head_dim": 8}),
    Family("qwen3_next", CAUSAL, _EXPERTS | {
        "shared_expert_intermediate_size": 32, "head_dim": 8, "linear_num_value_heads": 4, "linear_num_key_heads": 2,
        "linear_key_head_dim": 8, "linear_value_head_dim": 8, "layer_types": ["linear_attention", "full_attention"]}),
    Family("recurrent_gemma", CAUSAL, {"lru_width": 32, "block_types": ["recurrent", "attention"], "head_dim": 8,
                                       "attention_window_size": 32}, PADDED),
    Family("roberta", CAUSAL, {"is_decoder": True, "pad_token_id": 1}, BY_ITSELF),
    Family("rwkv", CAUSAL, {"attention_hidden_size": 32, "context_length": 512}, PADDED),
    Family("seed_oss", CAUSAL, {"head_dim": 8}),
    Family("smollm3", CAUSAL, {"pad_token_id": 0}),
    Family("stablelm", CAUSAL, {}),
    Family("starcoder2", CAUSAL, {}),
    Family("xglm", CAUSAL, {"d_model": 32, "attention_heads": 4, "ffn_dim": 64, "num_layers": 2}),
    Family("xlm", CAUSAL, {"emb_dim": 32, "n_heads": 4, "n_layers": 2, "pad_token_id": 0}, BY_ITSELF, replaces=True),
    Family("xlnet", CAUSAL, {"d_model": 32, "n_head": 4, "n_layer": 2, "d_inner": 48}, BY_ITSELF, replaces=True),
    Family("zamba2", CAUSAL, {"attention_head_dim": 16, "n_mamba_heads": 8, "mamba_headdim": 8, "mamba_d_state": 8,
                              "chunk_size": 16, "layers_block_type": ["mamba", "hybrid"], "num_mem_blocks": 1}),
)  # fmt: skip
PAIRS = (
    Family("bart", SEQ2SEQ, _BART, PAIR),
    Family("mt5", SEQ2SEQ, _T5, PAIR, replaces=True),
    Family("t5", SEQ2SEQ, _T5, PAIR, replaces=True),
    Family("t5", "T5EncoderModel", _T5, PAIR, replaces=True),
)
FAMILIES = (*ENCODERS, *CAUSAL_LMS, *PAIRS)


def build_family(folder: Path, family: Family, words: Sequence[str] = LABELS) -> Path:
    """A backbone of a family with random weights; each of `words` is one token of a causal LM."""
    import transformers

    if family.model_class == ENCODER:
        build_bert(folder)
        vocabulary, shape = len(transformers.AutoTokenizer.from_pretrained(folder)), {"pad_token_id": 0}
    else:
        tokenizer = byte_level_tokenizer(words)
        save_tokenizer(folder, tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
        vocabulary, shape = tokenizer.get_vocab_size(), {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None}
    shape |= {"vocab_size": vocabulary}
    if not family.replaces:
        shape |= {
            "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
            "max_position_embeddings": 512 if family.is_causal else 66,
        }  # fmt: skip
        shape |= {"num_key_value_heads": 2} if family.is_causal else {}
    config = transformers.AutoConfig.for_model(family.name, **shape | family.settings)
    auto = getattr(transformers, family.model_class)
    save_model(folder, lambda: getattr(auto, "from_config", auto)(config))
    return folder
